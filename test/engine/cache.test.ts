import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeScratch, withCache, withCacheAlone } from '../../pipeline/engine/cache.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { gate } from './gate.ts';
import { compileInto, startNode } from './other-process.ts';
import { scratchOf, workshop, type Workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;
/** Its cache is not there yet. */
const newWorkshop = (own: Partial<Workshop> = {}): Workshop => workshop(join(folder, `${count++}`), own);

function leftBehind({ environment }: Workshop, name: string): string {
  const left = join(environment.cache, 'scratch', name, 'keel');
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, 'half'), 'x');
  return left;
}

describe('withCache', () => {
  test('gives what the work gives, and passes its failure on', async () => {
    const shop = newWorkshop();
    expect(await withCache(shop, () => Promise.resolve(7))).toBe(7);
    await expect(withCache(shop, () => Promise.reject(new Error('sprang a leak')))).rejects.toThrow('sprang a leak');
    expect(await withCacheAlone(shop, () => Promise.resolve('free'))).toBe('free');
  });

  test('any number may use it at once', async () => {
    const shop = newWorkshop();
    const inside = [gate(), gate(), gate()];
    await Promise.all(
      inside.map(own =>
        withCache(shop, async () => {
          own.open();
          await Promise.all(inside.map(each => each.opened));
        }),
      ),
    );
  });

  test('the first clears what killed ones have left; the next leaves alone what is in use', async () => {
    const shop = newWorkshop();
    leftBehind(shop, 'build-oLd');
    leftBehind(shop, 'vm-oLd');
    await withCache(shop, async () => {
      expect(scratchOf(shop)).toEqual([]);
      const mine = await makeScratch(shop.environment, 'build');
      await withCache(shop, async () => expect(existsSync(mine)).toBe(true));
      expect(existsSync(mine)).toBe(true);
    });
  });

  test('waits for who has it alone', async () => {
    const shop = newWorkshop();
    const told: string[] = [];
    let second: Promise<unknown> = Promise.resolve();
    await withCacheAlone(shop, async () => {
      second = withCache(shop, async () => told.push('used'));
      // Long enough for one that does not wait to be there.
      expect(await withCacheAlone(shop, async () => told.push('alone too'))).toBeNull();
      told.push('pruned');
    });
    await second;
    expect(told).toEqual(['pruned', 'used']);
  });

  test('stopped, it does nothing', async () => {
    const shop = newWorkshop({ signal: AbortSignal.abort(new Error('not now')) });
    await expect(withCache(shop, () => Promise.resolve(7))).rejects.toThrow('not now');
  });
});

describe('withCacheAlone', () => {
  test('runs when nobody uses it, also when there is no cache yet', async () =>
    expect(await withCacheAlone(newWorkshop(), () => Promise.resolve(7))).toBe(7));

  test('does nothing and gives null while somebody does', async () => {
    const shop = newWorkshop();
    const ran: string[] = [];
    await withCache(shop, async () => {
      expect(await withCacheAlone(shop, async () => ran.push('beside a user'))).toBeNull();
    });
    await withCacheAlone(shop, async () => {
      expect(await withCacheAlone(shop, async () => ran.push('beside another'))).toBeNull();
    });
    expect(ran).toEqual([]);
  });

  test('a process that was killed uses it no more', async () => {
    const shop = newWorkshop();
    const code = join(folder, 'code');
    compileInto(code, 'engine/cache.ts');
    const other = startNode(
      code,
      `import { makeScratch, withCache } from './engine/cache.js';
      const options = { environment: ${JSON.stringify(shop.environment)}, signal: new AbortController().signal };
      await withCache(options, async () => {
        console.log(await makeScratch(options.environment, 'build'));
        await new Promise(() => setInterval(() => {}, 1000));
      });`,
    );
    const scratch = await other.line();
    expect(dirname(scratch)).toBe(join(shop.environment.cache, 'scratch'));
    expect(await withCacheAlone(shop, () => Promise.resolve(7))).toBeNull();
    other.child.kill('SIGKILL');
    await other.ended;
    await expect.poll(() => withCacheAlone(shop, () => Promise.resolve(7)), { timeout: 10_000 }).toBe(7);
    expect(existsSync(scratch)).toBe(true);
    await withCache(shop, async () => expect(existsSync(scratch)).toBe(false));
  });
});

test('makeScratch gives each its own folder, by what it is for', async () => {
  const { environment } = newWorkshop();
  const made = [await makeScratch(environment, 'tree'), await makeScratch(environment, 'tree')];
  expect(new Set(made).size).toBe(2);
  for (const each of made) {
    expect(each).toMatch(/\/scratch\/tree-[^/]+$/);
    expect(readdirSync(each)).toEqual([]);
  }
});
