/** caisson dev: watches what an image is made of, builds and boots it anew at each change, and tells what changed. */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { displayPath } from '../config/diagnostic.ts';
import { makeScratch, withCache } from '../engine/cache.ts';
import { freePort } from '../engine/machine/free-port.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { runBoot, runRound } from './dev/round.ts';
import { runLoop, type Keys } from './dev/run-loop.ts';
import { endMachine, openSession, type Session, type SessionOptions } from './dev/session.ts';
import { statesOf } from './dev/states.ts';
import { openWatch } from './dev/watch.ts';

export interface DevOptions extends Omit<SessionOptions, 'port'> {
  /** Null takes a free one. */
  sshPort: number | null;
  /** Null where there is no terminal. */
  keys: Keys | null;
}

/** 0 when a key ended it; with `once` what the round ended with. Leaves nothing but the image in `out`. */
export async function dev(context: CommandContext, options: DevOptions): Promise<ExitCode> {
  return withCache(context, async () => {
    const scratch = await makeScratch(context.environment, 'dev');
    const sleep = async (milliseconds: number, signal: AbortSignal): Promise<void> =>
      delay(milliseconds, undefined, { signal });
    const watch = openWatch({ stateOf: statesOf, sleep, now: () => performance.now() });
    const port = options.sshPort ?? (await freePort());
    const session = openSession(context, { options: { ...options, port }, watch, scratch });
    try {
      return await (options.once ? once(context, session) : untilEnd(context, session, options.keys));
    } finally {
      await endMachine(session);
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

async function once(context: CommandContext, session: Session): Promise<ExitCode> {
  const { signal } = context;
  const code = await runRound(context, session);
  signal.throwIfAborted();
  if (code !== 0 || session.machine === null) return code;
  const interrupted = new Promise<false>(resolve => signal.addEventListener('abort', () => resolve(false)));
  const up = await Promise.race([session.machine.up, interrupted]);
  signal.throwIfAborted();
  return up ? 0 : 1;
}

async function untilEnd(context: CommandContext, session: Session, keys: Keys | null): Promise<ExitCode> {
  const { watch, tell, options } = session;
  const parts = {
    begin: async (action: 'round' | 'boot', signal: AbortSignal): Promise<unknown> =>
      (action === 'round' ? runRound : runBoot)({ ...context, signal }, session),
    nextEdit: async (signal: AbortSignal): Promise<void> => {
      const edits = await watch.next(signal);
      tell({ type: 'edited', files: edits.map(each => ({ ...each, path: displayPath(each.path) })) });
    },
    keys,
    idle: () => tell({ type: 'watching', image: options.image, places: watch.count, keys: keys !== null }),
  };
  await runLoop(parts, context.signal);
  return 0;
}
