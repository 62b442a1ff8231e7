/** Events one after another, for one who waits for them. */

export interface Queue<T> {
  put(this: void, event: T): void;
  /** No more will come: `take` rejects with this once it has handed out what is there. */
  fail(this: void, why: unknown): void;
  /** The next one, when it comes; rejects with the reason of the queue's signal once that fired. One waits at a time. */
  take(this: void): Promise<T>;
}

export function openQueue<T>(signal: AbortSignal): Queue<T> {
  const events: (() => T)[] = [];
  let wake = (): void => undefined;
  const add = (event: () => T): void => {
    events.push(event);
    wake();
  };
  signal.addEventListener('abort', () => wake());
  return {
    put: event => add(() => event),
    fail: why =>
      add(() => {
        throw why;
      }),
    take: async () => {
      for (;;) {
        signal.throwIfAborted();
        const event = events.shift();
        if (event !== undefined) return event();
        await new Promise<void>(resolve => (wake = resolve));
      }
    },
  };
}
