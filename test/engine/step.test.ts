import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { execute } from '../../pipeline/engine/execute.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { CHAIN, planOf, stepsOf, untilAborted, workshop, writesItsId, type Build, type Workshop } from './steps.ts';

vi.mock(import('node:fs/promises'), async importOriginal => {
  const original = await importOriginal();
  return { ...original, rename: vi.fn(original.rename) };
});

const folder = scratchDirectory();
let count = 0;
const newWorkshop = (own: Partial<Workshop> = {}): Workshop => workshop(join(folder, `${count++}`), own);

describe('publishing', () => {
  let stop = new AbortController();
  const shopWithOld = (): Workshop => {
    const shop = newWorkshop();
    mkdirSync(shop.out);
    writeFileSync(join(shop.out, 'ship.raw'), 'the old one');
    return shop;
  };

  test('the old file stays until the new one is complete', async () => {
    const shop = shopWithOld();
    const during: string[] = [];
    const build: Build = async ({ out }) => {
      writeFileSync(out, 'the n');
      during.push(readFileSync(join(shop.out, 'ship.raw'), 'utf8'));
      writeFileSync(out, 'the new one');
      return {};
    };
    await execute(planOf([{ id: 'ship', publishes: 'ship.raw', build }]), shop);
    expect(during).toEqual(['the old one']);
    expect(readFileSync(join(shop.out, 'ship.raw'), 'utf8')).toBe('the new one');
  });

  test.each<[string, Build]>([
    [
      'fails',
      async ({ out }) => {
        writeFileSync(out, 'the n');
        throw new Error('sprang a leak');
      },
    ],
    [
      'is stopped',
      async context => {
        writeFileSync(context.out, 'the n');
        queueMicrotask(() => stop.abort(new Error('sprang a leak')));
        return untilAborted(context);
      },
    ],
  ])('a build that %s leaves the old file and nothing beside it', async (_, build) => {
    stop = new AbortController();
    const shop = { ...shopWithOld(), signal: stop.signal };
    await expect(execute(planOf([{ id: 'ship', publishes: 'ship.raw', build }]), shop)).rejects.toThrow(
      'sprang a leak',
    );
    expect(readdirSync(shop.out)).toEqual(['ship.raw']);
    expect(readFileSync(join(shop.out, 'ship.raw'), 'utf8')).toBe('the old one');
  });
  test('the output folder may be in another file system than the cache', async () => {
    const shop = newWorkshop();
    const inCache = (path: unknown): boolean => String(path).startsWith(shop.environment.cache);
    const { rename: real } = await vi.importActual<{ rename: typeof rename }>('node:fs/promises');
    vi.mocked(rename).mockImplementation(async (from, to) => {
      if (inCache(from) !== inCache(to))
        throw Object.assign(
          new Error(`EXDEV: cross-device link not permitted, rename '${String(from)}' -> '${String(to)}'`),
          { code: 'EXDEV' },
        );
      await real(from, to);
    });
    try {
      await execute(planOf(CHAIN), shop);
      await execute(planOf(CHAIN), shop);
    } finally {
      vi.mocked(rename).mockImplementation(real);
    }
    expect(stepsOf(shop, 'reused')).toHaveLength(4);
    expect(readdirSync(shop.out)).toEqual(['ship.raw']);
  });

  test('digests a published file as sha256sum does, whatever its extents', async () => {
    const build: Build = async ({ out }) => {
      writeFileSync(out, `${'\0'.repeat(5000)}data`);
      return { extents: [[5000, 4]] };
    };
    const shop = newWorkshop();
    const results = await execute(planOf([{ id: 'ship', publishes: 'ship.raw', build }]), shop);
    expect(results.get('ship')?.artifact.sha256).toBe(
      execFileSync('sha256sum', [join(shop.out, 'ship.raw')], { encoding: 'utf8' }).slice(0, 64),
    );
  });
});

describe('steps with the same key', () => {
  test.each([1, 4])('are all there and made once, %d at a time', async jobs => {
    const shop = newWorkshop({ jobs });
    let builds = 0;
    const build: Build = context => {
      builds += 1;
      return writesItsId('lamp')(context);
    };
    const results = await execute(planOf(['port', 'starboard', 'stern'].map(id => ({ id, key: 'same', build }))), shop);
    expect([...results.values()].map(({ artifact }) => readFileSync(artifact.path, 'utf8'))).toEqual([
      'lamp',
      'lamp',
      'lamp',
    ]);
    expect(builds).toBe(1);
    expect([...stepsOf(shop, 'finished'), ...stepsOf(shop, 'reused')].toSorted()).toEqual([
      'port',
      'starboard',
      'stern',
    ]);
  });
});

test('what a step worked on is gone when it is done: the next has the room', async () => {
  const shop = newWorkshop();
  const during: string[][] = [];
  const build: Build = context => {
    during.push(readdirSync(join(context.work, '..')));
    return writesItsId('hull')(context);
  };
  await execute(planOf([...CHAIN.slice(0, 1), { id: 'hull', inputs: { below: 'keel' }, build }]), shop);
  expect(during).toEqual([['hull']]);
});
