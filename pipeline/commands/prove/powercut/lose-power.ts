/** The plug of a machine is pulled while a script runs in it, and put in again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { GuestMachine } from '../../../engine/machine/guest-machine.ts';
import { seededNumbers } from '../../../tamper/random.ts';

export interface PowerLossOptions {
  /** POSIX sh, run as root. */
  script: string;
  /** The power goes before so many seconds of it are over; the seed says when. */
  withinSeconds: number;
  seed: number;
  signal: AbortSignal;
  /** Starts a machine on the layer that the first one leaves in scratch: startMachine with the same request. */
  restart(): Promise<GuestMachine>;
}

export interface PowerLoss {
  /** The one that was started again; the caller ends it. */
  machine: GuestMachine;
  /** Into the script. */
  seconds: number;
  /** The script was over before the power went: then nothing was interrupted. */
  finished: boolean;
}

/** Nothing is left running when it throws; the first machine is off in any case. */
export async function losePower(
  machine: GuestMachine,
  { script, withinSeconds, seed, signal, restart }: PowerLossOptions,
): Promise<PowerLoss> {
  const milliseconds = seededNumbers(seed, 'power loss')(withinSeconds * 1000);
  const state = { finished: false };
  const running = machine.sh(script, { limitSeconds: withinSeconds + 60 }).then(
    () => void (state.finished = true),
    // The connection goes with the power.
    () => undefined,
  );
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
  const { finished } = state;
  await machine.cutPower();
  await running;
  signal.throwIfAborted();
  return { machine: await restart(), seconds: milliseconds / 1000, finished };
}
