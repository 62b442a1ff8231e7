import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { execute } from '../../pipeline/engine/execute.ts';
import { resolutionOf } from '../plan/fixture.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { manifestOf } from '../stages/documents.ts';
import { rotSilently } from './entries.ts';
import { gate } from './gate.ts';
import {
  CHAIN,
  planOf,
  sha256,
  stepsOf,
  untilAborted,
  workshop,
  type Build,
  type FakeStep,
  type Workshop,
} from './steps.ts';

const folder = scratchDirectory();
let count = 0;

/** A workshop in which the plan was built once; no events yet. */
async function builtOnce(steps: readonly FakeStep[], own: Partial<Workshop> = {}): Promise<Workshop> {
  const shop = workshop(join(folder, `${count++}`), own);
  await execute(planOf(steps), shop);
  shop.events.length = 0;
  return shop;
}

const entryOf = ({ environment }: Workshop, id: string): string => join(environment.cache, 'store', `key-of-${id}`);
/** As a failing disk does. */
const rot = (shop: Workshop, id: string): void =>
  rotSilently(entryOf(shop, id), join(entryOf(shop, id), 'artifact'), 'worm-eaten');
const without = (steps: readonly FakeStep[], shop: Workshop): void => {
  for (const { id, publishes } of steps)
    if (publishes === undefined) rmSync(entryOf(shop, id), { recursive: true });
    else rmSync(join(shop.out, publishes));
};
const SHIP = CHAIN.slice(3);
const warnings = ({ events }: Workshop): string[] =>
  events.flatMap(event => (event.type === 'warning' ? [event.message] : []));

describe('what the store has', () => {
  test('is digested before a step reads it; damaged, it is made again', async () => {
    const shop = await builtOnce(CHAIN);
    const ship = readFileSync(join(shop.out, 'ship.raw'));
    without(SHIP, shop);
    rot(shop, 'hull');
    const results = await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'finished')).toEqual(['hull', 'ship']);
    expect(readFileSync(join(shop.out, 'ship.raw'))).toEqual(ship);
    expect(readFileSync(join(entryOf(shop, 'hull'), 'artifact'), 'utf8')).toBe(`hull ${sha256('keel')}`);
    expect([...results].map(([id, { cached }]) => [id, cached])).toEqual([
      ['keel', true],
      ['hull', false],
      ['mast', true],
      ['ship', false],
    ]);
    expect(shop.events.filter(event => event.type === 'warning')).toEqual([
      {
        type: 'warning',
        message: `hull in the store is damaged: ${join(entryOf(shop, 'hull'), 'artifact')} has 10 bytes instead of 69`,
        hint: 'it is built again',
      },
    ]);
  });

  test('is not digested again for who asks only whether its file has changed', async () => {
    const shop = await builtOnce(CHAIN, { check: 'changed' });
    without(SHIP, shop);
    rot(shop, 'hull');
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'finished')).toEqual(['ship']);
    expect(warnings(shop)).toEqual([]);
  });

  test('and was damaged in all that it is made from: all of it is made again', async () => {
    const shop = await builtOnce(CHAIN);
    without(SHIP, shop);
    for (const id of ['keel', 'hull', 'mast']) rot(shop, id);
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'finished').toSorted()).toEqual(['hull', 'keel', 'mast', 'ship']);
    expect(warnings(shop)).toHaveLength(3);
    expect(readFileSync(join(shop.out, 'ship.raw'), 'utf8')).toBe(
      `ship ${sha256(`hull ${sha256('keel')}`)} ${sha256('mast')}`,
    );
  });

  test('is told to be damaged once, however many read it', async () => {
    const steps = [...CHAIN.slice(0, 2), { id: 'deck', inputs: { on: 'keel' } }];
    const shop = await builtOnce(steps);
    without(steps.slice(1), shop);
    rot(shop, 'keel');
    await execute(planOf(steps), shop);
    expect(warnings(shop)).toHaveLength(1);
    expect(stepsOf(shop, 'finished').toSorted()).toEqual(['deck', 'hull', 'keel']);
  });

  test('is not read when nothing reads it', async () => {
    const shop = await builtOnce(CHAIN);
    for (const id of ['keel', 'hull', 'mast']) rot(shop, id);
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'reused').toSorted()).toEqual(['hull', 'keel', 'mast', 'ship']);
    expect(warnings(shop)).toEqual([]);
  });

  test('is not read for a reader of its reader, which has what it needs', async () => {
    const shop = await builtOnce(CHAIN);
    without(SHIP, shop);
    rot(shop, 'keel');
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'finished')).toEqual(['ship']);
    expect(warnings(shop)).toEqual([]);
  });

  test('is read along with what points into it', async () => {
    const steps = CHAIN.map((step): FakeStep => (step.id === 'hull' ? { ...step, pointsIntoInputs: true } : step));
    const shop = await builtOnce(steps);
    without(SHIP, shop);
    rot(shop, 'keel');
    await execute(planOf(steps), shop);
    expect(stepsOf(shop, 'finished')).toEqual(['keel', 'ship']);
    expect(readFileSync(join(entryOf(shop, 'keel'), 'artifact'), 'utf8')).toBe('keel');
  });

  test('is made again at once where a look at the file is enough to see the damage', async () => {
    const shop = await builtOnce(CHAIN);
    writeFileSync(join(entryOf(shop, 'mast'), 'artifact'), 'mist');
    writeFileSync(join(entryOf(shop, 'keel'), 'entry.json'), 'not ours');
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'finished').toSorted()).toEqual(['keel', 'mast']);
    expect(warnings(shop).toSorted()).toEqual([
      `keel in the store is damaged: ${join(entryOf(shop, 'keel'), 'entry.json')} is missing or damaged`,
      `mast in the store is damaged: ${join(entryOf(shop, 'mast'), 'artifact')} has SHA-256 ${sha256('mist')} instead of ${sha256('mast')}`,
    ]);
  });
});

describe('packages of a step', () => {
  const resolution = resolutionOf('cargo', []);
  const steps: FakeStep[] = [
    { id: 'parts', sources: manifestOf() },
    { id: 'hull', inputs: { of: 'parts' } },
  ];

  test('are brought again when what was made of them is damaged', async () => {
    const shop = await builtOnce(steps, { resolutions: { cargo: resolution } });
    expect(shop.fetched).toEqual([]);
    without(steps.slice(1), shop);
    rot(shop, 'parts');
    await execute(planOf(steps), shop);
    expect(shop.fetched).toEqual(['cargo']);
    expect(stepsOf(shop, 'finished')).toEqual(['parts', 'hull']);
  });

  test('that cannot be brought end the build: the step does not begin, and what runs is stopped', async () => {
    const shop = await builtOnce(steps, { resolutions: { cargo: resolution } });
    without(steps.slice(1), shop);
    rot(shop, 'parts');
    const begun = gate();
    const build: Build = context => {
      begun.open();
      return untilAborted(context);
    };
    const fetch = async (): Promise<void> => {
      await begun.opened;
      throw new Error('the mirror is gone');
    };
    await expect(execute(planOf([...steps, { id: 'mast', build }]), { ...shop, fetch })).rejects.toThrow(
      'the mirror is gone',
    );
    expect(stepsOf(shop, 'started')).toEqual(['mast']);
  });
});
