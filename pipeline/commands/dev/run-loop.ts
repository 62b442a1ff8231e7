/** Runs a session: events in, rounds begun and stopped. */
import { advance, BEGUN, type DevAction, type DevEvent, type DevKey } from './loop.ts';
import { openQueue } from './queue.ts';

/** Calls `take` for each key that is pressed, until `signal` fires. */
export type Keys = (take: (key: DevKey) => void, signal: AbortSignal) => void;

export interface LoopParts {
  /** What is begun. Never rejects; ends soon after `signal` fires. */
  begin: (action: Extract<DevAction, 'round' | 'boot'>, signal: AbortSignal) => Promise<unknown>;
  /** Resolves with each edit; rejects when `signal` fires. */
  nextEdit: (signal: AbortSignal) => Promise<unknown>;
  /** Null where there is no terminal. */
  keys: Keys | null;
  /** Called each time that there is nothing more to do. */
  idle: () => void;
}

/** Returns when a key ended it; throws the reason of `signal`. Nothing is running then. */
export async function runLoop({ begin, nextEdit, keys, idle }: LoopParts, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const untilOver = AbortSignal.any([signal, over.signal]);
  const queue = openQueue<DevEvent>(signal);
  const start = (action: Parameters<typeof begin>[0]): { stop: () => void; ended: Promise<unknown> } => {
    const stop = new AbortController();
    const work = begin(action, AbortSignal.any([signal, stop.signal]));
    return {
      stop: () => stop.abort(new Error('it is begun anew')),
      ended: work.finally(() => queue.put({ type: 'ended' })),
    };
  };
  const follow = async (): Promise<void> => {
    for (;;) {
      await nextEdit(untilOver);
      queue.put({ type: 'edited' });
    }
  };
  let [state, running] = [BEGUN, start('round')];
  // A watch that fails for another reason than the end of the session would leave it blind.
  const following = follow().catch((error: unknown) => {
    if (!untilOver.aborted) queue.fail(error);
  });
  keys?.(key => queue.put({ type: 'key', key }), untilOver);
  try {
    for (;;) {
      const { state: next, action } = advance(state, await queue.take());
      state = next;
      if (action === 'end') return;
      if (action === 'stop') running.stop();
      else if (action !== null) running = start(action);
      else if (state.running === 'nothing') idle();
    }
  } finally {
    running.stop();
    over.abort(new Error('the session has ended'));
    await Promise.allSettled([running.ended, following]);
  }
}
