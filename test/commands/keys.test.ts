import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newKeys } from '../../pipeline/commands/keys.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { commandContext } from './context.ts';

const folder = scratchDirectory();
const context = commandContext(folder);

test.each([
  ['nobody', ''],
  ['a name that ends in a space', 'The Reef '],
  ['a name of two lines', 'The\nReef'],
  ['a name that no certificate holds', 'r'.repeat(48)],
])('newKeys makes no keys of %s', async (_, name) => {
  await expect(newKeys(context, { folder: join(folder, 'new'), name })).rejects.toMatchObject({
    name: 'UsageFault',
    message: expect.stringContaining('is no name for keys') as string,
  });
});

test('newKeys never touches what is there', async () => {
  const taken = join(folder, 'taken');
  mkdirSync(taken);
  writeFileSync(join(taken, 'db.key'), 'precious');
  for (const each of [taken, join(taken, 'db.key')])
    await expect(newKeys(context, { folder: each, name: 'Reef' })).rejects.toMatchObject({
      name: 'UsageFault',
      message: `${each} is there already, and not an empty folder`,
    });
  expect(readdirSync(taken)).toEqual(['db.key']);
});

test('newKeys wants a folder to make its own in', async () => {
  await expect(newKeys(context, { folder: join(folder, 'none/new'), name: 'Reef' })).rejects.toMatchObject({
    name: 'UsageFault',
    message: `${join(folder, 'none')} is no folder`,
  });
});
