import { expect, test } from 'vitest';
import type { Event } from '../../pipeline/report/events.ts';
import { createJsonRenderer } from '../../pipeline/report/json.ts';
import { fakeClock, fakeStream } from './streams.ts';

test('every event is one line of JSON with its time', async () => {
  const [stdout, clock] = [fakeStream(40), fakeClock()];
  const renderer = createJsonRenderer({ stdout: stdout.stream, seconds: clock.seconds });
  const events: Event[] = [
    { type: 'started', task: { id: 'tree', summary: 'two\nlines \u001b[31m' } },
    { type: 'progress', id: 'tree', fraction: null, detail: '' },
    { type: 'published', path: '/srv/kiosk.raw', bytes: 7, sha256: 'ab' },
  ];
  for (const [index, event] of events.entries()) {
    clock.at(index * 1.23456);
    renderer.emit(event);
  }
  await renderer.close(true);
  const lines = stdout.text().split('\n');
  expect(lines.pop()).toBe('');
  expect(lines[1]).toBe('{"time":1.235,"type":"progress","id":"tree","fraction":null,"detail":""}');
  expect(lines.map(line => JSON.parse(line) as unknown)).toEqual(
    events.map((event, index) => ({ time: [0, 1.235, 2.469][index], ...event })),
  );
});
