/** The boot backend: what it answers RAUC, and what it writes for the selector. */
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, selectorBytes, type Machine } from './machine.ts';

const folder = scratchDirectory();
const GOOD = { ORDER: 'Q P', VERITY: 'on', Q_OK: '1', Q_TRY: '0', P_OK: '1', P_TRY: '0' };
let machine: Machine;

/** Slot Q runs. */
async function holds(state: Record<string, string>, running = 'Q'): Promise<void> {
  await machine.file('run/caisson/slot', `${running}\n`);
  for (const each of ['QuayQ', 'QuayP']) await machine.file(`dev/caisson/${each}`, selectorBytes(state, { fill: 7 }));
}

beforeEach(async () => {
  machine = await machineIn(folder, ['rauc-boot', 'grubenv'], { state_partitions: 'QuayQ QuayP', slots: 'Q P' });
});

const asked = async (...args: string[]): Promise<string> => (await machine.run('rauc-boot', args)).stdout;

describe('get-primary is what the selector would start', () => {
  it.each([
    ['the first in order', {}, 'Q'],
    ['in another order', { ORDER: 'P Q' }, 'P'],
    ['not one that is bad', { Q_OK: '0' }, 'P'],
    ['not one that was tried three times', { Q_TRY: '3' }, 'P'],
    ['the first that was good, where no try is left', { ORDER: 'P Q', Q_TRY: '3', P_TRY: '3' }, 'P'],
    ['the one that runs, where none is good', { ORDER: 'P Q', Q_OK: '0', P_OK: '0' }, 'Q'],
    ['no slot that is none', { ORDER: 'X P' }, 'P'],
  ])('%s', async (_, change, expected) => {
    await holds({ ...GOOD, ...change });
    expect(await asked('get-primary')).toBe(expected);
  });
});

describe('get-state', () => {
  it.each([
    ['good', 'P', {}],
    ['bad', 'P', { P_OK: '0' }],
    ['bad', 'P', { P_TRY: '3' }],
    ['good', 'P', { P_TRY: '2' }],
    // The last try of the slot that runs is going on.
    ['good', 'Q', { Q_TRY: '3' }],
    ['bad', 'Q', { Q_OK: '0' }],
  ])('%s for %s with %j', async (expected, slot, change) => {
    await holds({ ...GOOD, ...change });
    expect(await asked('get-state', slot)).toBe(expected);
  });
});

describe('set-primary', () => {
  it('puts a slot first, as good, with all its tries, and on trial', async () => {
    await holds({ ...GOOD, P_OK: '0', P_TRY: '2' });
    expect(await machine.run('rauc-boot', ['set-primary', 'P'])).toMatchObject({ exitCode: 0, stderr: '' });
    for (const each of ['QuayQ', 'QuayP'])
      expect(await machine.state(each)).toEqual({ ...GOOD, ORDER: 'P Q', P_TRY: '0', TRIAL: 'P' });
  });

  it('keeps the slot that runs where the state was lost', async () => {
    await holds({ STARTED: '2031' });
    await machine.run('rauc-boot', ['set-primary', 'P']);
    const state = { ORDER: 'P Q', Q_OK: '1', P_OK: '1', P_TRY: '0', TRIAL: 'P' };
    expect(await machine.state('QuayP')).toEqual(state);
  });

  it('sets no trial for the slot that runs', async () => {
    await holds({ ...GOOD, ORDER: 'P Q', Q_TRY: '1' });
    await machine.run('rauc-boot', ['set-primary', 'Q']);
    expect(await machine.state('QuayQ')).toMatchObject({ ORDER: 'Q P', Q_TRY: '0', TRIAL: '' });
  });
});

describe('set-state', () => {
  it('good ends the trial', async () => {
    await holds({ ...GOOD, ORDER: 'P Q', P_TRY: '2', TRIAL: 'P' }, 'P');
    await machine.run('rauc-boot', ['set-state', 'P', 'good']);
    expect(await machine.state('QuayQ')).toEqual({ ...GOOD, ORDER: 'P Q', TRIAL: '' });
  });

  it('bad ends the trial, and the slot is not tried', async () => {
    await holds({ ...GOOD, ORDER: 'P Q', P_TRY: '1', TRIAL: 'P' }, 'P');
    await machine.run('rauc-boot', ['set-state', 'P', 'bad']);
    expect(await machine.state('QuayQ')).toEqual({ ...GOOD, ORDER: 'P Q', P_OK: '0', TRIAL: '' });
    expect(await asked('get-primary')).toBe('Q');
  });

  it('leaves the trial of another slot alone', async () => {
    await holds({ ...GOOD, ORDER: 'P Q', TRIAL: 'P' });
    await machine.run('rauc-boot', ['set-state', 'Q', 'good']);
    expect(await machine.state('QuayQ')).toMatchObject({ TRIAL: 'P' });
  });

  it('the only good slot, which runs, cannot be marked bad', async () => {
    const state = { ...GOOD, P_OK: '0' };
    await holds(state);
    const { exitCode, stderr } = await machine.run('rauc-boot', ['set-state', 'Q', 'bad']);
    expect([exitCode, stderr]).toEqual([1, 'caisson: slot Q runs, and no other slot is good']);
    expect(await machine.state('QuayQ')).toEqual(state);
  });
});

describe('fallen tells a trial that ended on another slot', () => {
  it.each([
    ['tried three times', { TRIAL: 'P', P_TRY: '3' }, 'P'],
    ['that did not start', { TRIAL: 'P', P_TRY: '1' }, 'P'],
    ['not one that is still to come', { TRIAL: 'P', P_TRY: '0' }, ''],
    ['not one that runs', { TRIAL: 'Q', Q_TRY: '2' }, ''],
    ['not one of no slot', { TRIAL: '.*', P_TRY: '2' }, ''],
    ['none', {}, ''],
  ])('%s', async (_, change, expected) => {
    await holds({ ...GOOD, ...change });
    expect(await machine.run('rauc-boot', ['fallen'])).toEqual({ exitCode: 0, stdout: expected, stderr: '' });
  });
});

it.each([
  ['set-primary', 'X'],
  ['set-primary'],
  ['get-state', ''],
  ['set-state', 'Q', 'maybe'],
  ['set-state', 'Q'],
  ['shell'],
])('%s %s %s is refused, and nothing is written', async (...args) => {
  await holds(GOOD);
  expect((await machine.run('rauc-boot', args)).exitCode).toBe(1);
  expect(await machine.state('QuayQ')).toEqual(GOOD);
});

it('fails where there is no state', async () => {
  await holds(GOOD);
  for (const each of ['QuayQ', 'QuayP']) await machine.file(`dev/caisson/${each}`, Buffer.alloc(4096, 1));
  for (const args of [['get-primary'], ['get-state', 'Q'], ['set-state', 'Q', 'good'], ['set-primary', 'P']])
    expect((await machine.run('rauc-boot', args)).exitCode).toBe(1);
});
