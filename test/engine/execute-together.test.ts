import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withCache } from '../../pipeline/engine/cache.ts';
import { execute } from '../../pipeline/engine/execute.ts';
import type { StepResult } from '../../pipeline/engine/step.ts';
import type { Event } from '../../pipeline/report/events.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { gate } from './gate.ts';
import { CHAIN, planOf, scratchOf, stepsOf, workshop, writesItsId, type FakeStep, type Workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;

/** Two workshops with one cache; `waits` opens when either waits for the other. */
function twoShops(): { shops: [Workshop, Workshop]; waits: Promise<void> } {
  const at = join(folder, `${count++}`);
  const waits = gate();
  const shopOf = (name: string): Workshop => {
    const shop = workshop(join(at, name));
    const emit = (event: Event): void => {
      shop.events.push(event);
      if (event.type === 'waiting') waits.open();
    };
    return { ...shop, environment: { ...shop.environment, cache: join(at, 'cache') }, emit };
  };
  return { shops: [shopOf('a'), shopOf('b')], waits: waits.opened };
}

/** The same steps; each counts how often it is built, and `slow` ends only when somebody waits for it. */
function counted(
  steps: readonly FakeStep[],
  slow: string,
  waits: Promise<void>,
): { steps: FakeStep[]; built: string[] } {
  const built: string[] = [];
  const made = steps.map(step => ({
    ...step,
    build: async (context: Parameters<ReturnType<typeof writesItsId>>[0]) => {
      built.push(step.id);
      if (step.id === slow) await waits;
      return writesItsId(step.id)(context);
    },
  }));
  return { steps: made, built };
}

const asCommand = (steps: readonly FakeStep[], shop: Workshop): Promise<Map<string, StepResult>> =>
  withCache(shop, () => execute(planOf(steps), shop));
const texts = (results: ReadonlyMap<string, StepResult>): string[] =>
  [...results.values()].map(({ artifact }) => readFileSync(artifact.path, 'utf8'));
const ended = (shop: Workshop): string[] => [...stepsOf(shop, 'finished'), ...stepsOf(shop, 'reused')].toSorted();
const KEPT = CHAIN.map(({ id, inputs = {} }) => ({ id, inputs }));

describe('two builds with one cache', () => {
  test('of the same image build each step once, and get the same', async () => {
    const { shops, waits } = twoShops();
    const { steps, built } = counted(KEPT, 'keel', waits);
    const [a, b] = await Promise.all(shops.map(shop => asCommand(steps, shop)));
    expect(built.toSorted()).toEqual(['hull', 'keel', 'mast', 'ship']);
    expect(texts(a as Map<string, StepResult>)).toEqual(texts(b as Map<string, StepResult>));
    for (const shop of shops) expect(ended(shop)).toEqual(['hull', 'keel', 'mast', 'ship']);
    expect(scratchOf(shops[0])).toEqual([]);
  });

  test('the one that waits says so, then takes what the other made', async () => {
    const { shops, waits } = twoShops();
    const { steps } = counted([{ id: 'keel' }], 'keel', waits);
    await Promise.all(shops.map(shop => asCommand(steps, shop)));
    const [maker, waiter] = stepsOf(shops[0], 'started').length === 1 ? shops : shops.toReversed();
    expect(maker?.events.map(({ type }) => type)).toEqual(['started', 'finished']);
    expect(waiter?.events).toEqual([
      { type: 'waiting', id: 'keel', detail: 'another build is making it' },
      { type: 'reused', id: 'keel', detail: '4 B' },
    ]);
  });

  test('of two images build what both have once', async () => {
    const { shops, waits } = twoShops();
    const { steps, built } = counted([...KEPT.slice(0, 2), { id: 'raft', inputs: { on: 'keel' } }], 'keel', waits);
    const images = [steps.slice(0, 2), [steps[0] as FakeStep, steps[2] as FakeStep]];
    await Promise.all(images.map((image, index) => asCommand(image, shops[index] as Workshop)));
    expect(built.toSorted()).toEqual(['hull', 'keel', 'raft']);
  });

  test('that publish each have their own file', async () => {
    const { shops, waits } = twoShops();
    const { steps, built } = counted(CHAIN, 'keel', waits);
    await Promise.all(shops.map(shop => asCommand(steps, shop)));
    expect(built.toSorted()).toEqual(['hull', 'keel', 'mast', 'ship', 'ship']);
    const [a = Buffer.of(), b] = shops.map(shop => readFileSync(join(shop.out, 'ship.raw')));
    expect(a).toEqual(b);
    for (const shop of shops) expect(readdirSync(shop.out)).toEqual(['ship.raw']);
  });

  test('one fails: the other builds the step itself', async () => {
    const { shops, waits } = twoShops();
    let builds = 0;
    const steps: FakeStep[] = [
      {
        id: 'keel',
        build: async context => {
          builds += 1;
          if (builds > 1) return writesItsId('keel')(context);
          await waits;
          throw new Error('sprang a leak');
        },
      },
    ];
    const settled = await Promise.allSettled(shops.map(shop => asCommand(steps, shop)));
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(builds).toBe(2);
    expect(scratchOf(shops[0])).toEqual([]);
  });

  test('one is interrupted while it waits: the other goes on', async () => {
    const { shops } = twoShops();
    const [maker, waiter] = shops;
    const [begun, stopped] = [gate(), gate()];
    const steps: FakeStep[] = [
      {
        id: 'keel',
        build: async context => {
          begun.open();
          await stopped.opened;
          return writesItsId('keel')(context);
        },
      },
    ];
    const making = asCommand(steps, maker);
    await begun.opened;
    const abort = new AbortController();
    const emit = (event: Event): void => {
      waiter.events.push(event);
      if (event.type === 'waiting') abort.abort(new Error('interrupted'));
    };
    await expect(asCommand(steps, { ...waiter, signal: abort.signal, emit })).rejects.toThrow('interrupted');
    expect(waiter.events.map(({ type }) => type)).toEqual(['waiting']);
    stopped.open();
    expect((await making).get('keel')?.cached).toBe(false);
  });
});
