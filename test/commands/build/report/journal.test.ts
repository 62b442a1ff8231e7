import { expect, test } from 'vitest';
import { keepJournal } from '../../../../pipeline/commands/build/report/journal.ts';
import type { Event } from '../../../../pipeline/report/events.ts';

test('events pass through; what ended is kept with its time, and what was warned of', () => {
  const passed: Event[] = [];
  let now = 0;
  const journal = keepJournal(
    event => passed.push(event),
    () => now,
  );
  const events: [number, Event][] = [
    [1, { type: 'started', task: { id: 'hull', summary: 'the hull' } }],
    [2, { type: 'started', task: { id: 'mast', summary: 'the mast' } }],
    [2.5, { type: 'warning', message: 'rain', hint: 'wait' }],
    [4.25, { type: 'finished', id: 'mast', seconds: 2.25, detail: '' }],
    [5, { type: 'failed', id: 'hull', seconds: 4 }],
    [6, { type: 'reused', id: 'sail', detail: '' }],
  ];
  for (const [at, event] of events) {
    now = at;
    journal.emit(event);
  }
  expect(passed).toEqual(events.map(([, event]) => event));
  expect(journal.tasks).toEqual([{ id: 'mast', summary: 'the mast', startedAt: 2, seconds: 2.25 }]);
  expect(journal.warnings).toEqual([{ message: 'rain', hint: 'wait' }]);
});
