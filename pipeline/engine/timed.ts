import type { Emit, Task } from '../report/events.ts';

/** Runs a piece of long work between its `started` and `finished` (or `failed`) events. */
export async function timed<T>(
  task: Task,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
  work: () => Promise<{ value: T; detail: string }>,
): Promise<T> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  emit({ type: 'started', task });
  try {
    const { value, detail } = await work();
    emit({ type: 'finished', id: task.id, seconds: seconds(), detail });
    return value;
  } catch (error) {
    // Ended because something else failed, or by the user: not a failure of its own.
    const stopped = error instanceof Error && (error.name === 'AbortError' || error === signal.reason);
    if (!stopped || !signal.aborted) emit({ type: 'failed', id: task.id, seconds: seconds() });
    throw error;
  }
}
