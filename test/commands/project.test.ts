import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findProject } from '../../pipeline/commands/context.ts';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = realpathSync(scratchDirectory());
for (const path of [
  'outer/pipeline',
  'outer/rootfs-manifests',
  'outer/deep/er',
  'outer/half/pipeline',
  'outer/half/below',
  'outer/files',
  'outer/inner/pipeline',
  'outer/inner/rootfs-manifests',
  'stray',
  'alone/pipeline',
  'alone/src',
  'layouts-too/pipeline',
  'layouts-too/layouts',
  'outer/layouts',
])
  mkdirSync(join(folder, path), { recursive: true });
writeFileSync(join(folder, 'alone/pipeline/mine.yaml'), '');
for (const name of ['pipeline', 'rootfs-manifests']) writeFileSync(join(folder, 'outer/files', name), '');

describe('findProject', () => {
  test.each([
    ['outer', 'outer'],
    ['outer/deep/er', 'outer'],
    ['outer/pipeline', 'outer'],
    ['outer/half/below', 'outer'],
    ['outer/files', 'outer'],
    ['outer/inner/pipeline', 'outer/inner'],
    ['outer/deep/../inner', 'outer/inner'],
    ['outer/not/there', 'outer'],
    ['outer/layouts', 'outer'],
    ['alone/src', 'alone'],
    ['layouts-too', 'layouts-too'],
  ])('from %s: %s', async (start, found) => expect(await findProject(join(folder, start))).toBe(join(folder, found)));

  test('where there is none, the folder it began in', async () => {
    expect(await findProject(join(folder, 'stray'))).toBe(join(folder, 'stray'));
    expect(await findProject('/')).toBe('/');
  });
});
