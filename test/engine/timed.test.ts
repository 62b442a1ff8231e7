import { describe, expect, test } from 'vitest';
import { timed } from '../../pipeline/engine/timed.ts';
import type { Event } from '../../pipeline/report/events.ts';

const task = { id: 'fetch cargo', summary: 'packages of cargo' };

async function eventsOf(
  signal: AbortSignal,
  work: () => Promise<{ value: number; detail: string }>,
): Promise<{ result: unknown; types: string[]; events: Event[] }> {
  const events: Event[] = [];
  const result: unknown = await timed(task, { signal, emit: event => void events.push(event) }, work).catch(
    (reason: unknown) => reason,
  );
  return { result, types: events.map(event => event.type), events };
}

describe('timed', () => {
  test('tells when it starts and when it is done, and gives the value', async () => {
    const { result, events } = await eventsOf(new AbortController().signal, () =>
      Promise.resolve({ value: 42, detail: '7 packages' }),
    );
    expect(result).toBe(42);
    expect(events).toEqual([
      { type: 'started', task },
      { type: 'finished', id: 'fetch cargo', seconds: expect.any(Number) as number, detail: '7 packages' },
    ]);
  });

  const reason = new Error('interrupted');
  const stopped = AbortSignal.abort(reason);
  const aborted = Object.assign(new Error('The operation was aborted'), { name: 'AbortError' });
  const bug = new Error('ours');
  test.each([
    ['an error', new AbortController().signal, bug, ['started', 'failed']],
    ['an error after something else failed', stopped, bug, ['started', 'failed']],
    ['the end of all', stopped, reason, ['started']],
    ['an operation that was ended', stopped, aborted, ['started']],
    ['an operation that ended itself', new AbortController().signal, aborted, ['started', 'failed']],
  ])('%s goes through', async (_, signal, error, types) => {
    const seen = await eventsOf(signal, () => Promise.reject(error));
    expect(seen.result).toBe(error);
    expect(seen.types).toEqual(types);
  });
});
