import { readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readContents, type Contents } from '../../../pipeline/engine/partition-files/contents.ts';
import { BuildFault } from '../../../pipeline/engine/fault.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import type { FileEntry } from '../../../pipeline/formats/partition-files.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { fakePrograms } from './inodes.ts';

const scratch = scratchDirectory();
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];

const entry = (path: string, own: Partial<FileEntry> = {}): FileEntry => {
  return { path, type: 'file', mode: 0o640, uid: 7, gid: 8, bytes: 4, modified: 9, target: null, ...own };
};

/** The unpacked files: path, length and digest. */
function contentsOf(files: readonly [string, number, string][], one = 'oars'): Contents {
  const lengths = files.map(([path, bytes]) => `${bytes} .${path}\0`);
  const digests = files.map(([path, , sha256]) => `${sha256}  .${path}\0`);
  return {
    volume: { name: 'Reef', filesystem: 'ext4' },
    programs: fakePrograms(() => [...lengths, '\0', ...digests].join('')),
    unpacking: { argv: (...about) => ['unpack', ...about.map(String)], ends: [0] },
    extract: async (_, target) => writeFileSync(target, one),
    scratch,
    signal: new AbortController().signal,
  };
}

describe('readContents', () => {
  test('by the bytes of whole paths; what has no digest has none', async () => {
    const entries = [
      entry('/b'),
      entry('/b/c', { type: 'symlink', bytes: 3, target: '../x' }),
      entry('/b-x', { mode: null, uid: null, gid: null }),
      entry('/p', { type: 'other' }),
    ];
    const found = await readContents(
      [{ ...entry('/b'), type: 'directory', bytes: 0 }, ...entries.slice(1)],
      contentsOf([['/b-x', 4, A]]),
    );
    expect(found).toEqual([
      { path: '/b', type: 'directory', mode: 0o640, uid: 7, gid: 8, bytes: 0, target: null, sha256: null },
      { path: '/b-x', type: 'file', mode: 0, uid: 0, gid: 0, bytes: 4, target: null, sha256: A },
      { path: '/b/c', type: 'symlink', mode: 0o640, uid: 7, gid: 8, bytes: 0, target: '../x', sha256: null },
      { path: '/p', type: 'other', mode: 0o640, uid: 7, gid: 8, bytes: 0, target: null, sha256: null },
    ]);
  });

  test('a file that came out longer is asked for by itself', async () => {
    const entries = [entry('/hull'), entry('/oar')];
    const found = await readContents(
      entries,
      contentsOf([
        ['/hull', 60, B],
        ['/oar', 4, A],
      ]),
    );
    expect(found.map(each => each.sha256)).toEqual([createHash('sha256').update('oars').digest('hex'), A]);
    expect(readdirSync(scratch)).not.toContain('single');
  });

  test.each<[string, Contents, RegExp]>([
    ['a file that did not come out', contentsOf([]), /^Reef: .* only 0 of the 4 bytes of \/oar/],
    ['one that came out shorter', contentsOf([['/oar', 3, A]]), /only 3 of the 4 bytes of \/oar/],
    [
      'one that is longer by itself too',
      contentsOf([['/oar', 9, A]], 'rowing'),
      /6 bytes of \/oar came out, which has 4$/,
    ],
    [
      'words that are no list',
      { ...contentsOf([]), programs: fakePrograms(() => 'what?') },
      /no text, or not distinct/,
    ],
  ])('%s is damage', async (_, contents, message) => {
    await expect(readContents([entry('/oar')], contents)).rejects.toThrow(message);
    await expect(readContents([entry('/oar')], contents)).rejects.toBeInstanceOf(FormatFault);
  });

  test('more than there is room for', async () => {
    const reading = readContents([entry('/oar', { bytes: 2 ** 60 })], contentsOf([]));
    await expect(reading).rejects.toBeInstanceOf(BuildFault);
    await expect(reading).rejects.toThrow(/^what Reef holds has 1\S* .iB, but /);
  });
});
