import { describe, expect, test } from 'vitest';
import { PathFault } from '../../../pipeline/engine/partition-files/fault.ts';
import { openSquashfs } from '../../../pipeline/engine/partition-files/squashfs.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import type { Inode } from '../../../pipeline/formats/inode.ts';
import { fakePrograms, inodeOf, volume } from './inodes.ts';

/** As unsquashfs 4.6.1 lists it. */
const ROOT = 'drwxr-xr-x 0/0                     424 2026-11-23 15:33:47 ';
const TIME = Date.UTC(2015, 9, 10, 2, 34, 4) / 1000;
const line = (head: string, rest: string): string => `${head} 2015-10-10 02:34:04 ${rest}`;
const childrenOf = async (lines: readonly string[], folder = ''): Promise<Inode[]> => {
  const reader = await openSquashfs(
    volume,
    fakePrograms(() => lines.map(each => `${each}\n`).join('')),
  );
  return (await reader.children([folder]))[0] ?? [];
};

describe('a listing', () => {
  test('gives what each folder holds', async () => {
    const lines = [
      ROOT,
      line('drwxr-x--- 70000/4294967295      24', '/etc'),
      line('-rwsr-S--T 0/33             3000000', '/etc/a b'),
      line('crw-rw---- 0/0                 1,  3', '/null'),
    ];
    const etc = { name: 'etc', id: '/etc', mode: 0o750, uid: 70_000, gid: 2 ** 32 - 1, bytes: 0, modified: TIME };
    expect(await childrenOf(lines)).toEqual([
      inodeOf({ ...etc, type: 'directory' }),
      inodeOf({ name: 'null', id: '/null', type: 'other', mode: 0o660, uid: 0, gid: 0, bytes: 0, modified: TIME }),
    ]);
    expect(await childrenOf(lines, '/etc')).toEqual([
      inodeOf({ name: 'a b', id: '/etc/a b', mode: 0o7740, uid: 0, gid: 33, bytes: 3_000_000, modified: TIME }),
    ]);
    expect(await childrenOf(lines, '/null')).toEqual([]);
  });

  test.each([
    ['x', 'y'],
    ['x -> y', 'a -> b'],
    ['x', '-> -> '],
    ['new\nline', 'ü\n'],
    ['x', ''],
  ])('tells the link %j from its target %j', async (name, target) => {
    const head = `lrwxrwxrwx 0/0   ${Buffer.byteLength(target)}`;
    expect(await childrenOf([ROOT, line(head, `/${name} -> ${target}`)])).toMatchObject([
      { name, target, type: 'symlink', bytes: Buffer.byteLength(target) },
    ]);
  });

  test('joins names that have line ends', async () => {
    const lines = [
      ROOT,
      line('-rw-r--r-- 0/0     1', '/one\n\n-rw-r--r-- two'),
      line('-rw-r--r-- 0/0     1', '/ünï 日本 '),
    ];
    expect((await childrenOf(lines)).map(each => each.name)).toEqual(['one\n\n-rw-r--r-- two', 'ünï 日本 ']);
  });

  test.each([
    ['nothing', ['']],
    ['words', ['Parallel unsquashfs: Using 2 processors', ROOT]],
    ['a link without a target', [ROOT, line('lrwxrwxrwx 0/0    9', '/x')]],
    ['a link with another target', [ROOT, line('lrwxrwxrwx 0/0    3', '/x -> yy')]],
  ])('of %s is refused', async (_, lines) => {
    await expect(childrenOf(lines)).rejects.toThrow(FormatFault);
  });
});

describe('a file', () => {
  test.each(['/etc/*?[a]', '/-dash', '/new\nline', '/日本'])('%j is asked for as it is', async path => {
    const programs = fakePrograms(() => `${ROOT}\n`);
    const id = Buffer.from(path).toString('latin1');
    await (await openSquashfs(volume, programs)).extract(inodeOf({ name: 'x', id }), '/tmp/x');
    const argv = ['unsquashfs', '-no-wildcards', '-offset', '4096', '-cat', '/mnt/image', path];
    expect(programs.ran.at(-1)?.argv).toEqual(argv);
  });

  test('whose name is no UTF-8 cannot be asked for', async () => {
    const programs = fakePrograms(() => `${ROOT}\n`);
    const extract = (await openSquashfs(volume, programs)).extract(inodeOf({ name: 'x', id: '/b\u00ff' }), '/tmp/x');
    await expect(extract).rejects.toThrow(PathFault);
    expect(programs.ran).toHaveLength(1);
  });
});
