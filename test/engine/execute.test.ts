import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withCache } from '../../pipeline/engine/cache.ts';
import { execute, lookAhead } from '../../pipeline/engine/execute.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { listEntries } from '../../pipeline/engine/store.ts';
import type { BuildContext } from '../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import {
  CHAIN,
  fails,
  planOf,
  scratchOf,
  sha256,
  stepsOf,
  untilAborted,
  workshop,
  writesItsId,
  type Build,
  type FakeStep,
  type Workshop,
} from './steps.ts';

const folder = scratchDirectory();
let count = 0;
const newWorkshop = (own: Partial<Workshop> = {}): Workshop => workshop(join(folder, `${count++}`), own);

describe('a build', () => {
  test('gives every artifact in the order of the plan, each made from those before it', async () => {
    const shop = newWorkshop();
    const results = await execute(planOf(CHAIN), shop);
    expect([...results.keys()]).toEqual(['keel', 'hull', 'mast', 'ship']);
    const keel = sha256('keel');
    const hull = sha256(`hull ${keel}`);
    const ship = `ship ${hull} ${sha256('mast')}`;
    expect(readFileSync(join(shop.out, 'ship.raw'), 'utf8')).toBe(ship);
    expect(results.get('ship')).toMatchObject({
      cached: false,
      artifact: {
        id: 'ship',
        key: 'key-of-ship',
        sha256: sha256(ship),
        bytes: ship.length,
        path: join(shop.out, 'ship.raw'),
        facts: { made: 'ship' },
        inputs: { one: { id: 'hull', sha256: hull, inputs: { below: { id: 'keel' } } }, two: { id: 'mast' } },
      },
    });
    expect(readFileSync(results.get('hull')?.artifact.path ?? '', 'utf8')).toBe(`hull ${keel}`);
  });

  test('tells of each step, and of the file it leaves', async () => {
    const shop = newWorkshop({ jobs: 1 });
    await execute(
      planOf(CHAIN.slice(0, 1).concat({ id: 'ship', inputs: { one: 'keel' }, publishes: 'ship.raw' })),
      shop,
    );
    expect(shop.events).toEqual([
      { type: 'started', task: { id: 'keel', summary: 'makes keel' } },
      { type: 'finished', id: 'keel', seconds: expect.any(Number) as number, detail: '4 B' },
      { type: 'started', task: { id: 'ship', summary: 'makes ship' } },
      {
        type: 'published',
        path: join(shop.out, 'ship.raw'),
        bytes: 69,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      { type: 'finished', id: 'ship', seconds: expect.any(Number) as number, detail: '69 B' },
    ]);
  });

  test('leaves nothing in the scratch folder, and nothing but the file in the output folder', async () => {
    const shop = newWorkshop();
    await execute(planOf(CHAIN), shop);
    expect(scratchOf(shop)).toEqual([]);
    expect(readdirSync(shop.out)).toEqual(['ship.raw']);
  });

  test('a step whose input is not planned before it is our mistake', async () => {
    await expect(
      execute(planOf([{ id: 'hull', inputs: { below: 'keel' } }, { id: 'keel' }]), newWorkshop()),
    ).rejects.toThrow('hull was planned before its input keel');
  });

  test('a step without a key is our mistake, and harms no store', async () => {
    const shop = newWorkshop();
    await execute(planOf([{ id: 'keel' }]), shop);
    await expect(execute(planOf([{ id: 'hull', key: null }]), shop)).rejects.toThrow('hull has no key');
    expect(await listEntries(join(shop.environment.cache, 'store'))).toHaveLength(1);
  });
});

describe('jobs', () => {
  test.each([1, 2, 3])('%d at once and no more', async jobs => {
    let running = 0;
    let most = 0;
    let started = 0;
    const meet: { full: () => void }[] = [];
    const build: Build = async ({ out }) => {
      running += 1;
      started += 1;
      most = Math.max(most, running);
      // Each waits until as many as may run do run.
      if (running < jobs && started < 6) await new Promise<void>(resolve => meet.push({ full: resolve }));
      meet.splice(0).forEach(each => each.full());
      writeFileSync(out, 'x');
      running -= 1;
      return {};
    };
    await execute(planOf(['a', 'b', 'c', 'd', 'e', 'f'].map(id => ({ id, build }))), newWorkshop({ jobs }));
    expect(most).toBe(jobs);
  });

  test('a step that waits for its input takes no seat', async () => {
    const shop = newWorkshop({ jobs: 1 });
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'finished').toSorted()).toEqual(['hull', 'keel', 'mast', 'ship']);
  });
});

describe('a second build', () => {
  test('makes nothing again, and gives the same', async () => {
    const shop = newWorkshop();
    const first = await execute(planOf(CHAIN), shop);
    shop.events.length = 0;
    const second = await execute(planOf(CHAIN.map(step => ({ ...step, build: fails }))), shop);
    expect(shop.events.map(event => event.type)).toEqual(Array.from({ length: 4 }, () => 'reused'));
    expect([...second.values()].map(result => result.artifact)).toEqual(
      [...first.values()].map(result => result.artifact),
    );
    expect([...second.values()].every(result => result.cached)).toBe(true);
  });

  test('makes what has another key, and no more', async () => {
    const shop = newWorkshop();
    await execute(planOf(CHAIN), shop);
    shop.events.length = 0;
    await execute(
      planOf(
        CHAIN.map(step => (step.id === 'mast' || step.id === 'ship' ? { ...step, key: 'another' + step.id } : step)),
      ),
      shop,
    );
    expect(stepsOf(shop, 'reused').toSorted()).toEqual(['hull', 'keel']);
    expect(stepsOf(shop, 'finished')).toEqual(['mast', 'ship']);
  });

  test.each<[string, (shop: Workshop) => void, string[]]>([
    [
      'was cut short in the store',
      shop => truncateSync(join(shop.environment.cache, 'store/key-of-hull/artifact'), 3),
      ['hull'],
    ],
    ['was deleted from the output folder', shop => rmSync(join(shop.out, 'ship.raw')), ['ship']],
    [
      'was changed in the output folder',
      shop => writeFileSync(join(shop.out, 'ship.raw'), 'y'.repeat(statSync(join(shop.out, 'ship.raw')).size)),
      ['ship'],
    ],
  ])('makes again what %s', async (_, spoil, again) => {
    const shop = newWorkshop();
    await execute(planOf(CHAIN), shop);
    shop.events.length = 0;
    spoil(shop);
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'finished')).toEqual(again);
  });

  test('publishes into another folder, though the first has it', async () => {
    const shop = newWorkshop();
    await execute(planOf(CHAIN), shop);
    const other = join(folder, 'elsewhere');
    await execute(planOf(CHAIN), { ...shop, out: other });
    expect(readFileSync(join(other, 'ship.raw'))).toEqual(readFileSync(join(shop.out, 'ship.raw')));
  });

  test('lookAhead tells what it will not make, and what is wrong with what is there', async () => {
    const shop = newWorkshop();
    const look = async (): Promise<[string, string | null][]> => {
      const plan = planOf([...CHAIN, { id: 'unknown', key: null }]);
      return [...(await lookAhead(plan, shop))].map(([id, found]) => [id, found.entry?.step ?? found.fault]);
    };
    expect((await look()).map(([, found]) => found)).toEqual(['', '', '', '', '']);
    await execute(planOf(CHAIN.slice(0, 3)), shop);
    const hull = join(shop.environment.cache, 'store/key-of-hull/artifact');
    truncateSync(hull, 3);
    expect(await look()).toEqual([
      ['keel', 'keel'],
      ['hull', `${hull} has 3 bytes instead of 69`],
      ['mast', 'mast'],
      ['ship', ''],
      ['unknown', ''],
    ]);
  });
});

describe('a failure', () => {
  test('is thrown; what runs is stopped, what waits never starts, what was made stays', async () => {
    const shop = newWorkshop({ jobs: 2 });
    let begun = (): void => undefined;
    const other = new Promise<void>(resolve => (begun = resolve));
    const rigging: Build = context => {
      begun();
      return untilAborted(context);
    };
    const leak: Build = () => other.then(() => fails({} as BuildContext));
    const plan = (fixed: boolean): FakeStep[] => [
      { id: 'keel' },
      { id: 'hull', inputs: { below: 'keel' }, ...(fixed ? {} : { build: leak }) },
      { id: 'rigging', inputs: { below: 'keel' }, ...(fixed ? {} : { build: rigging }) },
      { id: 'flag', inputs: { below: 'rigging' } },
      { id: 'ship', inputs: { one: 'hull' } },
    ];
    await expect(execute(planOf(plan(false)), shop)).rejects.toThrow('sprang a leak');
    expect(stepsOf(shop, 'started').toSorted()).toEqual(['hull', 'keel', 'rigging']);
    expect(stepsOf(shop, 'failed')).toEqual(['hull']);
    expect(scratchOf(shop)).toEqual([]);
    shop.events.length = 0;
    await execute(planOf(plan(true)), shop);
    expect(stepsOf(shop, 'reused')).toEqual(['keel']);
    expect(stepsOf(shop, 'finished').toSorted()).toEqual(['flag', 'hull', 'rigging', 'ship']);
  });

  test('of a step that makes no file', async () => {
    const shop = newWorkshop();
    await expect(execute(planOf([{ id: 'keel', build: () => Promise.resolve({}) }]), shop)).rejects.toThrow('ENOENT');
    expect(await listEntries(join(shop.environment.cache, 'store'))).toEqual([]);
  });

  test('of a program leaves what it worked on, until the next command uses the cache', async () => {
    const shop = newWorkshop();
    const build: Build = async ({ work, signal }) => {
      writeFileSync(join(work, 'evidence'), 'x');
      await runProcess(['sh', '-c', 'exit 3'], { env: { PATH: '/usr/bin:/bin' }, signal });
      return {};
    };
    await expect(execute(planOf([{ id: 'keel', build }]), shop)).rejects.toThrow('sh ended with exit code 3');
    expect(existsSync(join(shop.environment.cache, 'scratch', scratchOf(shop)[0] ?? '', 'keel/evidence'))).toBe(true);
    await withCache(shop, () => execute(planOf([{ id: 'keel' }]), shop));
    expect(scratchOf(shop)).toEqual([]);
  });
});

describe('stopped by its user', () => {
  test('it rejects with the reason; no step failed, and the scratch folder is gone', async () => {
    const abort = new AbortController();
    const shop = newWorkshop({ signal: abort.signal, jobs: 2 });
    const build: Build = context => {
      writeFileSync(join(context.work, 'half'), 'x');
      queueMicrotask(() => abort.abort(new Error('interrupted')));
      return untilAborted(context);
    };
    await expect(
      execute(planOf([{ id: 'keel', build }, { id: 'mast', build: untilAborted }, { id: 'flag' }]), shop),
    ).rejects.toThrow('interrupted');
    expect(stepsOf(shop, 'failed')).toEqual([]);
    // Which two of the three is a matter of who was looked up first.
    expect(stepsOf(shop, 'started').length).toBeLessThan(3);
    expect(scratchOf(shop)).toEqual([]);
    expect(await listEntries(join(shop.environment.cache, 'store'))).toEqual([]);
  });

  test('before it begins nothing starts', async () => {
    const shop = newWorkshop({ signal: AbortSignal.abort(new Error('not now')) });
    await expect(execute(planOf(CHAIN), shop)).rejects.toThrow('not now');
    expect(shop.events).toEqual([]);
  });
});

test('each step begins in an empty folder', async () => {
  const shop = newWorkshop();
  const seen: string[][] = [];
  const build: Build = async context => {
    seen.push(readdirSync(context.work));
    writeFileSync(join(context.work, 'left over'), 'x');
    return writesItsId('keel')(context);
  };
  await execute(planOf([{ id: 'keel', build }]), shop);
  await execute(planOf([{ id: 'keel', key: 'other', build }]), shop);
  expect(seen).toEqual([[], []]);
});
