import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imageFile } from '../../../pipeline/commands/image/file.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const out = scratchDirectory();
mkdirSync(join(out, 'dinghy'));
writeFileSync(join(out, 'dinghy/dinghy.raw'), '');

test('an image by its name is the disk that its build left', async () => {
  expect(await imageFile('dinghy', out)).toBe(join(out, 'dinghy/dinghy.raw'));
});

test('a name that was not built: one that is like it, else how to build it', async () => {
  await expect(imageFile('dingy', out)).rejects.toMatchObject({ hint: 'did you mean "dinghy"?' });
  await expect(imageFile('frigate', out)).rejects.toMatchObject({ hint: 'build it first: caisson build frigate' });
});
