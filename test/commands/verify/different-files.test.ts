import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { differentFiles, type Side } from '../../../pipeline/commands/verify/different-files.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import type { FileEntry } from '../../../pipeline/formats/partition-files.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();

/** A FAT with these files. */
function side(name: string, files: Readonly<Record<string, string>>): Side {
  const scratch = path.join(folder, name);
  mkdirSync(scratch, { recursive: true });
  const entry = (file: string, text: string): FileEntry => ({
    path: file,
    type: 'file',
    mode: null,
    uid: null,
    gid: null,
    bytes: text.length,
    modified: null,
    target: null,
  });
  return {
    scratch,
    filesystem: 'vfat',
    tree: {
      list: async () => [],
      walk: async () => Object.entries(files).map(([file, text]) => entry(file, text)),
      contents: async () => Promise.reject(new Error('of vfat nobody asks that')),
      extract: async (file, target) => writeFileSync(target, files[file] ?? ''),
    },
  };
}

test('files that are in one alone, and the bytes of those that are in both', async () => {
  const released = side('released', {
    '/keel': `aX${'b'.repeat(998)}Y`,
    '/gone': 'x',
    '/same': 'y',
    '/long': 'abcdef',
  });
  const rebuilt = side('rebuilt', { '/keel': `a1${'b'.repeat(998)}2`, '/new': 'x', '/same': 'y', '/long': 'abc' });
  expect(await differentFiles({ released, rebuilt })).toEqual([
    { path: '/gone', change: 'removed', count: 0, ranges: [] },
    {
      path: '/keel',
      change: 'content',
      count: 2,
      ranges: [
        { start: 1, end: 2 },
        { start: 1000, end: 1001 },
      ],
    },
    { path: '/long', change: 'content', count: 1, ranges: [{ start: 3, end: 6 }] },
    { path: '/new', change: 'added', count: 0, ranges: [] },
  ]);
  // No copy is left.
  expect(existsSync(path.join(released.scratch, 'file')) && existsSync(path.join(rebuilt.scratch, 'file'))).toBe(false);
});

test('nothing is told of a partition that cannot be read', async () => {
  const broken = side('broken', {});
  broken.tree.walk = async () => Promise.reject(new FormatFault('no FAT', ''));
  expect(await differentFiles({ released: broken, rebuilt: side('sound', { '/keel': 'a' }) })).toEqual([]);
});
