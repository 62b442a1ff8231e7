import { expect, test } from 'vitest';
import { losePower, type PowerLossOptions } from '../../../../pipeline/commands/prove/powercut/lose-power.ts';
import type { GuestMachine, Ran } from '../../../../pipeline/engine/machine/guest-machine.ts';
import { ran, subject } from '../../../claims/subject.ts';

const again = subject({}).machine;

/** A machine whose script takes until its power is cut, or no time. */
function machine(endless: boolean): GuestMachine & { calls: string[] } {
  const calls: string[] = [];
  let lose: (why: Error) => void = () => undefined;
  return {
    ...subject({}).machine,
    calls,
    sh: async script => {
      calls.push(`sh ${script}`);
      return endless ? new Promise<Ran>((_, reject) => (lose = reject)) : ran({});
    },
    cutPower: async () => {
      calls.push('cut');
      lose(new Error('connection lost'));
    },
  };
}

const options = (own: Partial<PowerLossOptions> = {}): PowerLossOptions => ({
  script: 'swim',
  withinSeconds: 0.2,
  seed: 3,
  signal: new AbortController().signal,
  restart: async () => again,
  ...own,
});

test('the power goes in the midst of the script, then the machine is started again', async () => {
  const first = machine(true);
  const loss = await losePower(first, options());
  expect(first.calls).toEqual(['sh swim', 'cut']);
  expect(loss).toMatchObject({ machine: again, finished: false });
  expect(loss.seconds).toBeGreaterThanOrEqual(0);
  expect(loss.seconds).toBeLessThan(0.2);
});

test('the seed says when', async () => {
  const when = async (seed: number): Promise<number> => (await losePower(machine(true), options({ seed }))).seconds;
  expect(await when(5)).toBe(await when(5));
  expect(await when(5)).not.toBe(await when(6));
});

test('a script that was over before is told', async () => {
  expect(await losePower(machine(false), options())).toMatchObject({ finished: true });
});

test('interrupted, it cuts the power and starts nothing', async () => {
  const first = machine(true);
  const abort = new AbortController();
  const reason = new Error('enough');
  const restart = async (): Promise<GuestMachine> => Promise.reject(new Error('started'));
  const losing = losePower(first, options({ withinSeconds: 600, signal: abort.signal, restart }));
  abort.abort(reason);
  await expect(losing).rejects.toBe(reason);
  expect(first.calls).toEqual(['sh swim', 'cut']);
});
