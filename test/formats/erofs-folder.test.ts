import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readErofs } from '../../pipeline/formats/erofs-folder.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import type { Inode } from '../../pipeline/formats/inode.ts';
import { BLOCK, BUILT, entries, erofsOf, nidOf, type FakeInode } from './erofs-image.ts';
import { spyOn } from './made.ts';

const FOLDER = 0o040000;
const FILE = 0o100000;
const LINK = 0o120000;
const dots = [
  { name: '.', nid: nidOf(0) },
  { name: '..', nid: nidOf(0) },
];
const rootOf = (...names: (Buffer | string)[]): FakeInode => ({
  mode: FOLDER | 0o755,
  content: entries([...dots, ...names.map((name, index) => ({ name, nid: nidOf(index + 1) }))]),
});

async function childrenOf(inodes: readonly FakeInode[], folder = 0): Promise<Inode[]> {
  const { image } = erofsOf(inodes);
  return (await readErofs(spyOn(image).read)).children(nidOf(folder));
}

describe('an inode', () => {
  it('compact: small ids, and the time of the file system', async () => {
    const file = { mode: FILE | 0o4751, uid: 65_534, gid: 33, content: Buffer.from('kelp') };
    expect(await childrenOf([rootOf('tide'), file])).toEqual([
      {
        name: 'tide',
        id: '144',
        type: 'file',
        mode: 0o4751,
        uid: 65_534,
        gid: 33,
        bytes: 4,
        modified: BUILT,
        target: null,
      },
    ]);
  });

  it('extended: ids of 32 bits, a time of its own', async () => {
    const folder = { mode: FOLDER | 0o1777, uid: 4_000_000_000, gid: 70_000, modified: -5n, extended: true };
    expect(await childrenOf([rootOf('tide'), folder])).toEqual([
      {
        name: 'tide',
        id: '144',
        type: 'directory',
        mode: 0o1777,
        uid: 4_000_000_000,
        gid: 70_000,
        bytes: 0,
        modified: -5,
        target: null,
      },
    ]);
  });

  it.each([
    ['inline', { layout: 'inline' }],
    ['inline behind attributes', { layout: 'inline', attributes: 7, extended: true }],
    ['in a block', { layout: 'flat' }],
  ] as const)('a link whose target stands %s', async (_, own) => {
    const link = { mode: LINK | 0o777, content: Buffer.from('../Größe/ -> x\n'), ...own };
    expect(await childrenOf([rootOf('l'), link])).toMatchObject([
      { type: 'symlink', bytes: 17, target: '../Größe/ -> x\n' },
    ]);
  });

  it('a link whose target fills its block to the end', async () => {
    const link = { mode: LINK, content: Buffer.alloc(BLOCK - 32, 'x') };
    expect(await childrenOf([rootOf('l'), link])).toMatchObject([
      { bytes: BLOCK - 32, target: 'x'.repeat(BLOCK - 32) },
    ]);
  });

  it.each([0o020000, 0o060000, 0o010000, 0o140000, 0])('of mode %o is something else, without bytes', async mode => {
    expect(await childrenOf([rootOf('x'), { mode: mode | 0o600, content: Buffer.alloc(3) }])).toMatchObject([
      { type: 'other', mode: 0o600, bytes: 0 },
    ]);
  });
});

describe('a folder', () => {
  it('gives names as they are, without . and ..', async () => {
    const names = ['a b', "it's", 'new\nline', '-dash', '*?[a]', 'ünï—日本', Buffer.from([0x62, 0xff])];
    const found = await childrenOf([rootOf(...names), ...names.map(() => ({ mode: FILE }))]);
    expect(found.map(each => each.name)).toEqual([...names.slice(0, -1), 'b\ufffd']);
  });

  it.each(['inline', 'flat'] as const)('of several blocks, %s', async layout => {
    const names = Array.from({ length: 90 }, (_, index) => ({
      name: `${'x'.repeat(index % 40)}${index}`,
      nid: nidOf(1),
    }));
    const content = entries([...dots, ...names]);
    expect(content.length).toBeGreaterThan(5 * BLOCK);
    const found = await childrenOf([{ mode: FOLDER, layout, content }, { mode: FILE }]);
    expect(found.map(each => each.name)).toEqual(names.map(each => each.name));
  });

  it('whose last name is followed by zeros up to the end of its block', async () => {
    const content = Buffer.concat([entries([...dots, { name: 'last', nid: nidOf(1) }])], BLOCK);
    expect(await childrenOf([{ mode: FOLDER, layout: 'flat', content }, { mode: FILE }])).toMatchObject([
      { name: 'last' },
    ]);
  });

  it('may be empty', async () => expect(await childrenOf([{ mode: FOLDER }])).toEqual([]));
});

describe('refused by name', () => {
  const changed = async (change: (image: Buffer) => void): Promise<unknown> => {
    const { image } = erofsOf([rootOf('tide'), { mode: LINK, content: Buffer.from('x') }]);
    change(image);
    const { read } = spyOn(image);
    return readErofs(read).then(
      async ({ root, children }) => children(root),
      (error: unknown) => Promise.reject(error),
    );
  };
  const root = 8 * BLOCK;
  const link = root + 9 * BLOCK;
  const names = root + 32;

  const rows: [string, (image: Buffer) => void, RegExp][] = [
    ['no magic', image => image.writeUInt8(0, 1024), /no erofs superblock/],
    ['a block size of 4 TiB', image => image.writeUInt8(42, 1024 + 12), /blocks of 2\^42/],
    ['a feature of later kernels', image => image.writeUInt32LE(0x102, 1024 + 80), /features 0x100/],
    ['larger folder blocks', image => image.writeUInt8(1, 1024 + 90), /folder blocks/],
    ['a root that is a file', image => image.writeUInt16LE(FILE, root + 4), /inode 0 is no folder/],
    ['a compressed folder', image => image.writeUInt16LE(3 << 1, root), /layout 3/],
    ['a folder of 3 GiB', image => image.writeUInt32LE(3 * 2 ** 30, root + 8), /takes 3221225472 bytes/],
    ['a tail that does not fit its block', image => image.writeUInt32LE(481, root + 8), /crosses the end of a block/],
    ['a folder outside of the partition', image => image.writeUInt16LE(0, root), /truncated: the content of inode 0/],
    ['names that begin inside the entries', image => image.writeUInt16LE(13, names + 8), /names from 13 on/],
    ['a name behind the block', image => image.writeUInt16LE(4000, names + 20), /a name at 4000/],
    ['names in disorder', image => image.writeUInt16LE(36, names + 32), /name at \[37, 36\)/],
    ['a name of no length', image => image.writeUInt16LE(36, names + 20), /name at \[36, 36\)/],
    ['a name with a slash', image => image.write('/', names + 39), /has the name "\/ide"/],
    ['an inode nowhere', image => image.writeUInt32LE(2 ** 31, names + 24), /truncated: inode 2147483648/],
    ['a link of a megabyte', image => image.writeUInt32LE(2 ** 20, link + 8), /a link of 1048576 bytes/],
  ];
  it.each(rows)('%s', async (_, change, message) => {
    const error = await changed(change).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatFault);
    expect((error as FormatFault).message).toMatch(message);
  });
});

describe('any image', () => {
  const { image: sound } = erofsOf([
    rootOf('sub', 'tide', 'link'),
    { mode: FOLDER, content: entries([...dots, { name: 'deep', nid: nidOf(2) }]), extended: true },
    { mode: FILE, content: Buffer.from('x') },
    { mode: LINK, content: Buffer.from('target') },
  ]);
  const flips = fc.array(fc.record({ at: fc.nat(sound.length - 1), to: fc.nat(255) }), { minLength: 1, maxLength: 12 });
  const near = fc.array(fc.record({ at: fc.integer({ min: 8 * BLOCK, max: 8 * BLOCK + 120 }), to: fc.nat(255) }), {
    minLength: 1,
    maxLength: 4,
  });

  it('is read or refused, and never more than its folders are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(flips, near), async changes => {
        const image = Buffer.from(sound);
        for (const { at, to } of changes) image[at] = to;
        const spy = spyOn(image);
        try {
          const { root, children } = await readErofs(spy.read);
          for (const child of await children(root)) if (child.type === 'directory') await children(Number(child.id));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatFault);
        }
        expect(spy.most()).toBeLessThanOrEqual(2 ** 26);
      }),
      { numRuns: 400 },
    );
  });

  it('of garbage behind a sound superblock too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 200, maxLength: 3000 }), async garbage => {
        const image = Buffer.concat([sound.subarray(0, 8 * BLOCK), garbage]);
        const outcome = readErofs(spyOn(image).read).then(async ({ root, children }) => children(root));
        await outcome.catch((error: unknown) => expect(error).toBeInstanceOf(FormatFault));
      }),
    );
  });
});
