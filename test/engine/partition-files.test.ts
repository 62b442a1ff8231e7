import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BuildFault } from '../../pipeline/engine/fault.ts';
import { readVolume } from '../../pipeline/engine/partition-files.ts';
import { PathFault } from '../../pipeline/engine/partition-files/fault.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import type { PartitionTree } from '../../pipeline/formats/partition-files.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { entries, erofsOf, nidOf, type FakeInode } from '../formats/erofs-image.ts';
import { spyOn } from '../formats/made.ts';
import { programsOf, putProgram, workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;

const FOLDER = 0o040755;
const FILE = 0o100644;
const LINK = 0o120777;
const named = (...rows: [string, number][]): Buffer =>
  entries(rows.map(([name, index]) => ({ name, nid: nidOf(index) })));

/** /Zoo /ant /b/{c,d/e,link} /b-x /ünï: an erofs, because that alone needs no program to list its folders. */
const inodes: FakeInode[] = [
  { mode: FOLDER, content: named(['b-x', 3], ['ant', 1], ['b', 2], ['Zoo', 1], ['ünï', 8], ['to-ant', 9]) },
  { mode: FILE, content: Buffer.from('tide') },
  { mode: FOLDER, content: named(['link', 6], ['d', 4], ['c', 5]) },
  { mode: FILE },
  { mode: FOLDER, content: named(['e', 5]) },
  { mode: FILE, content: Buffer.alloc(3) },
  { mode: LINK, content: Buffer.from('d') },
  { mode: FOLDER, content: named(['big', 10]) },
  { mode: 0o010600 },
  { mode: LINK, content: Buffer.from('/b/../ant') },
  { mode: FILE },
];

/** What dump.erofs would write is what `script` writes to "$out". */
async function open(
  own: readonly FakeInode[] = inodes,
  script = '',
): Promise<{ tree: PartitionTree; target: string; asked: () => string }> {
  const place = join(folder, `${count++}`);
  const shop = workshop(place);
  putProgram(
    shop,
    'bwrap',
    String.raw`printf '%s ' "$@" > "$0.args"
while [ $# -gt 0 ]; do [ "$1" = --bind ] && [ "$3" = /mnt/stdout ] && out=$2; shift; done
${script}`,
  );
  mkdirSync(join(place, 'host'));
  const volume = {
    name: 'Reef',
    filesystem: 'erofs' as const,
    read: spyOn(erofsOf(own).image).read,
    linear: async () => ({ file: join(place, 'disk'), offset: 512 }),
  };
  return {
    tree: await readVolume(volume, { ...shop, scratch: join(place, 'scratch') }),
    target: join(place, 'host/file'),
    asked: () => readFileSync(join(programsOf(shop.environment), 'bwrap.args'), 'utf8'),
  };
}

describe('list', () => {
  test('a folder, by the bytes of its names', async () => {
    const { tree } = await open();
    expect((await tree.list('/')).map(each => [each.path, each.type])).toEqual([
      ['/Zoo', 'file'],
      ['/ant', 'file'],
      ['/b', 'directory'],
      ['/b-x', 'file'],
      ['/to-ant', 'symlink'],
      ['/ünï', 'other'],
    ]);
    expect((await tree.list('b/link/')).map(each => each.path)).toEqual(['/b/d/e']);
  });

  test('anything else by itself, a link too', async () => {
    const { tree } = await open();
    expect(await tree.list('/b/link')).toEqual([
      { path: '/b/link', type: 'symlink', mode: 0o777, uid: 0, gid: 0, bytes: 1, modified: 1_700_000_123, target: 'd' },
    ]);
    expect((await tree.list('/b/link/e')).map(each => each.path)).toEqual(['/b/d/e']);
  });
});

describe('walk', () => {
  test('all that is below, each folder before what it holds', async () => {
    const { tree } = await open();
    const below = ['/b', '/b/c', '/b/d', '/b/d/e', '/b/link'];
    expect((await tree.walk('/')).map(each => each.path)).toEqual([
      '/Zoo',
      '/ant',
      ...below,
      '/b-x',
      '/to-ant',
      '/ünï',
    ]);
    expect((await tree.walk('/b')).map(each => each.path)).toEqual(below.slice(1));
    expect((await tree.walk('/ant')).map(each => each.path)).toEqual(['/ant']);
    expect((await tree.walk('/b/link')).map(each => each.path)).toEqual(['/b/link']);
  });

  test.each([
    ['itself', [{ mode: FOLDER, content: named(['a', 0]) }]],
    [
      'the one above it',
      [
        { mode: FOLDER, content: named(['a', 1]) },
        { mode: FOLDER, content: named(['b', 2]) },
        { mode: FOLDER, content: named(['c', 1]) },
      ],
    ],
  ])('refuses a folder that holds %s', async (_, circle) => {
    const { tree } = await open(circle);
    await expect(tree.walk('/')).rejects.toThrow(/^Reef: .*the folder \/a.* has two places/);
  });
});

describe('extract', () => {
  test('the bytes of a file, also through links', async () => {
    const { tree, target, asked } = await open(inodes, `printf tide > "$out"`);
    await tree.extract('/to-ant', target);
    expect(readFileSync(target, 'utf8')).toBe('tide');
    expect(asked()).toContain(`dump.erofs --offset=512 --cat --nid=${nidOf(1)} /mnt/image`);
    expect(asked()).toContain('--fsize=4 ');
  });

  test.each([
    ['/b', /^\/b is a folder, which has no content$/, 'caisson ls shows what /b holds'],
    ['/b/link', /^\/b\/link is a folder/, 'caisson ls shows what /b/d holds'],
    ['/ünï', /^\/ünï is a device, pipe or socket/, 'name a file, or a link to one'],
    ['/nothing', /there is no "nothing"/, 'it holds b-x, ant, b, Zoo, ünï, to-ant'],
  ])('of %s there is nothing', async (wanted, message, hint) => {
    const { tree, target } = await open();
    const error = await tree.extract(wanted, target).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PathFault);
    expect((error as PathFault).message).toMatch(message);
    expect((error as PathFault).hint).toBe(hint);
  });

  test('fails when fewer bytes come out', async () => {
    const { tree, target } = await open(inodes, `printf tid > "$out"`);
    const extracted = tree.extract('/ant', target);
    await expect(extracted).rejects.toThrow(FormatFault);
    await expect(extracted).rejects.toThrow('only 3 of the 4 bytes of /ant came out');
  });

  test('does not begin when there is no room', async () => {
    const sparse = [
      { mode: FOLDER, content: named(['ant', 1]) },
      { mode: FILE, extended: true, size: 2 ** 60 },
    ];
    const { tree, target } = await open(sparse);
    const extracted = tree.extract('/ant', target);
    await expect(extracted).rejects.toThrow(BuildFault);
    await expect(extracted).rejects.toThrow(/^\/ant has 1048576 TiB, but .*\/host has room for /);
    expect(existsSync(target)).toBe(false);
  });
});

test('damage of a folder names the partition', async () => {
  const { tree } = await open([{ mode: FOLDER, layout: 4, content: named(['x', 0]) }]);
  await expect(tree.list('/')).rejects.toThrow(/^Reef: Caisson cannot read its erofs: damaged erofs: .* layout 4$/);
});
