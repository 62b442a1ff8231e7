import { describe, expect, test } from 'vitest';
import { PathFault } from '../../../pipeline/engine/partition-files/fault.ts';
import { resolvePath, type Lookup } from '../../../pipeline/engine/partition-files/resolve.ts';
import type { Inode } from '../../../pipeline/formats/inode.ts';
import { inodeOf } from './inodes.ts';

const folder = (name: string): Inode => inodeOf({ name, type: 'directory' });
const link = (name: string, target: string): Inode => inodeOf({ name, type: 'symlink', target });
const folders: Record<string, Inode[]> = {
  'id of ': [folder('reef'), folder('usr'), link('bin', 'usr/bin'), inodeOf({ name: 'Tide.txt' }), folder('void')],
  'id of reef': [
    inodeOf({ name: 'crab' }),
    link('abs', '/usr/bin/sh'),
    link('up', '../../../Tide.txt'),
    link('self', 'self'),
    link('a', 'b'),
    link('b', 'a'),
    link('gone', '/usr/nowhere'),
    link('home', '/usr/'),
    link('file-as-folder', 'crab/'),
    inodeOf({ name: 'pipe', type: 'other' }),
    inodeOf({ name: '..\\x' }),
    inodeOf({ name: '' }),
  ],
  'id of usr': [folder('bin')],
  'id of bin': [link('sh', 'dash'), inodeOf({ name: 'dash' })],
  'id of void': [],
};
const lookup: Lookup = {
  root: folder(''),
  caseless: false,
  children: async id => folders[id] ?? Promise.reject(new Error(`${id} is no folder`)),
};
const found = async (path: string, followLast = false, own: Partial<Lookup> = {}): Promise<string> =>
  (await resolvePath({ ...lookup, ...own }, path, { followLast })).path;

describe('leads to', () => {
  test.each([
    ['', '/'],
    ['/', '/'],
    ['reef/crab', '/reef/crab'],
    ['//reef/.//crab', '/reef/crab'],
    ['/reef/../../../usr', '/usr'],
    ['/bin/dash', '/usr/bin/dash'],
    ['/bin/..', '/usr'],
    ['/reef/home/bin', '/usr/bin'],
    ['/reef/..\\x', '/reef/..\\x'],
  ])('%s', async (path, expected) => {
    expect(await found(path)).toBe(expected);
    expect(await found(path, true)).toBe(expected);
  });

  test.each([
    ['/bin', '/bin', '/usr/bin'],
    ['/bin/', '/usr/bin', '/usr/bin'],
    ['/reef/abs', '/reef/abs', '/usr/bin/dash'],
    ['/reef/up', '/reef/up', '/Tide.txt'],
    ['/reef/self', '/reef/self', null],
    ['/reef/gone', '/reef/gone', null],
  ])('%s: the link %s, or what it names: %s', async (path, itself, named) => {
    expect(await found(path)).toBe(itself);
    if (named === null) await expect(found(path, true)).rejects.toThrow(PathFault);
    else expect(await found(path, true)).toBe(named);
  });

  test('a name in other letters, where case is no difference', async () => {
    expect(await found('/REEF/Crab', false, { caseless: true })).toBe('/reef/crab');
    await expect(found('/REEF/Crab')).rejects.toThrow(/no "REEF"/);
  });
});

describe('refused', () => {
  test.each([
    ['/reef/crap', '/reef/crap: there is no "crap" in /reef', 'did you mean "/reef/crab"?'],
    ['/bin/zsh-static', '/bin/zsh-static: there is no "zsh-static" in /usr/bin', 'it holds sh, dash'],
    ['void/x', 'void/x: there is no "x" in /void', '/void is empty'],
    ['/reef/gone/x', '/reef/gone/x: there is no "nowhere" in /usr', 'it holds bin'],
    ['/reef/crab/x', '/reef/crab/x: /reef/crab is no folder but a file', '/reef/crab is what there is'],
    ['/reef/crab/', '/reef/crab/: /reef/crab is no folder but a file', '/reef/crab is what there is'],
    ['/reef/crab/..', '/reef/crab/..: /reef/crab is no folder but a file', '/reef/crab is what there is'],
    [
      '/reef/pipe/x',
      '/reef/pipe/x: /reef/pipe is no folder but a device, pipe or socket',
      '/reef/pipe is what there is',
    ],
  ])('%s', async (path, message, hint) => {
    await expect(found(path)).rejects.toMatchObject({ name: 'PathFault', message, hint });
  });

  test.each(['/reef/self', '/reef/a', '/reef/b/x', '/reef/self/'])('the circle %s', async path => {
    await expect(found(path, true)).rejects.toThrow(/more than 40 symbolic links/);
  });

  test('a chain of 41 links, not one of 40', async () => {
    const chain = [...Array.from({ length: 41 }, (_, i) => link(`l${i}`, `l${i + 1}`)), inodeOf({ name: 'l41' })];
    const own = { children: async () => chain };
    expect(await found('/l1', true, own)).toBe('/l41');
    await expect(found('/l0', true, own)).rejects.toThrow(/more than 40 symbolic links/);
  });

  test('a link to a file as if it was a folder', async () => {
    await expect(found('/reef/file-as-folder', true)).rejects.toThrow(/crab is no folder/);
  });
});
