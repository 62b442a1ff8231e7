import { describe, expect, it, vi } from 'vitest';
import type { GuestMachine, MachineRequest } from '../../pipeline/engine/machine/guest-machine.ts';
import type { TamperedBit, TamperOutcome } from '../../pipeline/formats/tampering.ts';
import { bootTrials, fitsOutcome, pickBoots, type BootOptions, type Seen } from '../../pipeline/tamper/boot.ts';

const trial = (stratum: string, offset: number, outcome: TamperOutcome = 'corrected'): TamperedBit => ({
  stratum,
  offset,
  bit: 3,
  outcome,
  why: '',
});

describe('pickBoots', () => {
  const trials = ['data', 'tree', 'shim'].flatMap(name => [
    trial(name, 1, 'harmless'),
    trial(name, 2),
    trial(name, 3, 'harmless'),
  ]);

  it('spreads over the strata, what shows first, the same for the same seed', () => {
    const picked = pickBoots(trials, { count: 3, seed: 7 });
    expect(picked.map(each => each.stratum).sort()).toEqual(['data', 'shim', 'tree']);
    expect(picked.map(each => each.offset)).toEqual([2, 2, 2]);
    expect(pickBoots(trials, { count: 3, seed: 7 })).toEqual(picked);
    expect(pickBoots(trials, { count: 99, seed: 7 })).toHaveLength(9);
  });
});

describe('fitsOutcome', () => {
  const seen = (own: Partial<Seen>): Seen => ({
    slot: 'A',
    corrected: false,
    corrupted: false,
    unverified: false,
    ...own,
  });
  it.each<[TamperOutcome, Partial<Seen>, boolean]>([
    ['harmless', {}, true],
    ['harmless', { slot: 'B' }, false],
    ['harmless', { slot: null }, false],
    ['corrected', { corrected: true }, true],
    ['corrected', { corrupted: true }, false],
    ['corrected', { unverified: true }, false],
    ['fell back', { slot: 'B' }, true],
    ['fell back', {}, true],
    ['fell back', { slot: null }, false],
    ['fell back', { slot: 'B', unverified: true }, false],
    ['refused', { slot: null }, true],
    ['refused', {}, false],
    ['unprotected', { unverified: true }, true],
    ['failed', {}, false],
  ])('%s, seen %j: %s', (outcome, own, fits) => {
    expect(fitsOutcome(outcome, seen(own), { first: 'A', others: ['B'] })).toBe(fits);
  });
});

describe('bootTrials', () => {
  const machineThatSays = (lines: readonly string[], dmesg = ''): GuestMachine =>
    ({
      console: lines,
      sh: async () => ({ exitCode: 0, stdout: dmesg, stderr: '' }),
      kill: async () => undefined,
    }) as unknown as GuestMachine;
  const options = (start: BootOptions['start']): BootOptions => ({
    read: async (_, length) => new Uint8Array(length).fill(0x41),
    slots: { first: 'A', others: [] },
    request: { login: true, scratch: '/reef/vm' } as unknown as MachineRequest,
    start,
    signal: new AbortController().signal,
  });

  it('damages the one bit, and reads what the machine says of it', async () => {
    const start = vi.fn<BootOptions['start']>(async () =>
      machineThatSays(
        ['[    2.1] caisson: slot A, root /dev/sda3'],
        'device-mapper: verity-fec: 8:3: FEC 4096: corrected 1 errors\n',
      ),
    );
    const boots = await bootTrials([trial('data', 99)], options(start));
    expect(start.mock.calls[0]?.[0].scratch).toBe('/reef/vm-1');
    expect(start.mock.calls[0]?.[0].damage).toEqual([{ start: 99, bytes: Uint8Array.of(0x49) }]);
    expect(boots).toMatchObject([
      { stratum: 'data', fits: true, seen: 'slot A came up, dm-verity corrected what was damaged' },
    ]);
  });

  it('takes a machine that does not come up for an answer', async () => {
    const boots = await bootTrials(
      [trial('UKI .linux', 99, 'refused'), trial('data', 99)],
      options(async () => null),
    );
    expect(boots.map(({ fits, seen }) => [fits, seen])).toEqual([
      [true, 'it did not come up'],
      [false, 'it did not come up'],
    ]);
  });

  it('takes a machine that goes down while it is read for the same answer, and ends it', async () => {
    const kill = vi.fn<GuestMachine['kill']>(async () => undefined);
    const sh = async (): Promise<never> => Promise.reject(new Error('the connection was lost'));
    const machine = { ...machineThatSays(['caisson: slot A, root /dev/sda3']), sh, kill };
    const [boot] = await bootTrials(
      [trial('data', 99)],
      options(async () => machine),
    );
    expect(boot).toMatchObject({ fits: false, seen: 'it did not come up' });
    expect(kill).toHaveBeenCalledOnce();
  });

  it('takes a machine that cannot be started for no answer at all', async () => {
    const start = async (): Promise<never> => Promise.reject(new Error('there is no QEMU'));
    await expect(bootTrials([trial('UKI .linux', 99, 'refused')], options(start))).rejects.toThrow('there is no QEMU');
  });

  it('sees a root that is not verified', async () => {
    const start = async (): Promise<GuestMachine> => machineThatSays(['caisson: slot A, root /dev/sda3, not verified']);
    expect(await bootTrials([trial('selector state', 9, 'harmless')], options(start))).toMatchObject([{ fits: false }]);
  });
});
