/** A build whose steps are judged: what it throws ends the build before the file has its name. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { execute } from '../../pipeline/engine/execute.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { CHAIN, planOf, stepsOf, workshop } from './steps.ts';

const folder = scratchDirectory();

test('each step is judged, built or reused', async () => {
  const judged: string[] = [];
  const shop = workshop(join(folder, 'each'), { judge: id => void judged.push(id) });
  await execute(planOf(CHAIN), shop);
  await execute(planOf(CHAIN), shop);
  expect(judged.slice(0, 4).sort()).toEqual(['hull', 'keel', 'mast', 'ship']);
  expect(judged.slice(4).sort()).toEqual(['hull', 'keel', 'mast', 'ship']);
});

test('a file that is judged too large never has its name, and no part of it is left', async () => {
  const judge = (id: string): void => {
    if (id === 'ship') throw new Error('too large a ship');
  };
  const shop = workshop(join(folder, 'published'), { judge });
  await expect(execute(planOf(CHAIN), shop)).rejects.toThrow('too large a ship');
  expect(existsSync(join(shop.out, 'ship.raw'))).toBe(false);
  expect(existsSync(join(shop.out, '.ship.raw.part'))).toBe(false);
});

test('what is judged too large on the way is kept, and nothing is made of it', async () => {
  const judge = (id: string): void => {
    if (id === 'keel') throw new Error('too large a keel');
  };
  const shop = workshop(join(folder, 'kept'), { judge });
  await expect(execute(planOf(CHAIN), shop)).rejects.toThrow('too large a keel');
  expect(stepsOf(shop, 'started')).not.toContain('hull');
  const again = { ...shop, judge: () => undefined, events: [], emit: shop.emit };
  await execute(planOf(CHAIN), again);
  expect(stepsOf(shop, 'reused')).toContain('keel');
});
