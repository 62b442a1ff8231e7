import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { readContent, readTar } from '../../pipeline/tree/tar.ts';
import { hostFile, type Tree } from '../../pipeline/tree/tree.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { base256, entry, octal, tarOf, type RawEntry } from '../fuzz/tar-bytes.ts';

const folder = scratchDirectory();
const named = (name: string | Buffer, fields: Partial<RawEntry> = {}): RawEntry =>
  entry({ ...fields, name: Buffer.from(name) });
const kelp = named('kelp', { data: Buffer.from('green') });

async function read(...entries: RawEntry[]): Promise<Tree> {
  const file = join(folder, 'stranger.tar');
  writeFileSync(file, tarOf(entries));
  return readTar(file, AbortSignal.timeout(5000));
}

test('the size of a directory means nothing, and what follows it is read', async () => {
  const tree = await read(named('reef/', { type: '5', size: octal(9000, 12) }), kelp);
  expect([...tree].map(([path, { type }]) => [path, type])).toEqual([
    ['/reef', 'directory'],
    ['/kelp', 'file'],
  ]);
});

test('of a path that is there twice the later entry counts', async () => {
  const tree = await read(kelp, named('kelp', { type: '5' }), named('kelp/leaf'));
  expect([...tree].map(([path, { type }]) => [path, type])).toEqual([
    ['/kelp', 'directory'],
    ['/kelp/leaf', 'file'],
  ]);
});

const REFUSED: [string, RawEntry[], RegExp][] = [
  ['a size that is no number', [named('kelp', { size: Buffer.from([0x81, ...Array<number>(11).fill(0)]) })], /size/],
  ['a negative size', [named('kelp', { size: base256(-512n, 12) })], /no tar, or a damaged one: Invalid header/],
  [
    'more than there is',
    [named('kelp', { size: base256(10n * 2n ** 30n, 12) })],
    /damaged one: Unexpected end of data/,
  ],
  ['a negative owner', [named('kelp', { uid: base256(-7n, 8) })], /"\/kelp" belongs to user -\d/],
  ['a group that is no number', [named('kelp', { gid: Buffer.from('sevenXX\0') })], /"\/kelp" belongs to group/],
  ['holes left out', [named('kelp', { pax: [['GNU.sparse.major', '1']] })], /"\/kelp" is stored with holes left out/],
  ['a root that is a file', [named('./', { data: Buffer.from('x'), type: '7' })], /"\/" is a contiguous-file/],
  ['no name', [named('')], /"\/" is a file, and the root is a directory/],
  ['a name that is not UTF-8', [named(Buffer.from([0x6b, 0xe9]))], /name that is not UTF-8/],
  ['a long name', [named('x', { pax: [['path', `a/${'é'.repeat(128)}`]] })], /"\/a\/é{57}…" has a name of 256 bytes/],
  ['a long path', [named('x', { pax: [['path', 'reef/'.repeat(820)]] })], /has a name of 4100 bytes/],
  ['a link that leads nowhere', [named('kelp', { type: '2' })], /"\/kelp" is a symbolic link that leads nowhere/],
  [
    'a link to a NUL',
    [named('kelp', { type: '2', pax: [['linkpath', 'a\0b']] })],
    /"\/kelp" is a symbolic link that has a target that is not UTF-8, or holds a NUL/,
  ],
  ['a device of no kernel', [named('kelp', { type: '3' })].map(withMajor), /"\/kelp" is the device 4096:0/],
  [
    'a hard link to a directory',
    [named('reef', { type: '5' }), named('kelp', { type: '1', link: Buffer.from('reef') })],
    /"\/kelp" is a hard link to "\/reef", a directory/,
  ],
  ['what lies below a file', [named('kelp/leaf'), kelp], /"\/kelp\/leaf" lies below "\/kelp", which is a file/],
  [
    'what lies behind a link',
    [named('lib', { type: '2', link: Buffer.from('../../etc') }), named('lib/passwd')],
    /"\/lib\/passwd" lies below "\/lib", which is a symbolic link/,
  ],
];

test.each(REFUSED)('refuses %s', async (_, entries, message) => {
  const error = await read(...entries).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FormatFault);
  expect((error as FormatFault).message).toMatch(message);
});

test('an owner that only pax can tell is that of the file', async () => {
  const tree = await read(named('kelp', { pax: [['uid', '4000000']] }));
  expect(tree.get('/kelp')?.uid).toBe(4_000_000);
});

test('what is no tar is told so', async () => {
  const file = join(folder, 'stranger.tar');
  writeFileSync(file, Buffer.alloc(2000, 'kelp'));
  await expect(readTar(file, AbortSignal.timeout(5000))).rejects.toThrow(
    /^no tar, or a damaged one: Invalid tar header/,
  );
});

test('a file that is to be read whole must fit in memory', async () => {
  await expect(readContent(hostFile('/no/such/file', 10 * 2 ** 30))).rejects.toThrow(/read whole, and has 10 GiB/);
});

/** Octal digits go to 2097151. */
function withMajor(own: RawEntry): RawEntry {
  return { ...own, major: octal(4096, 8) };
}
