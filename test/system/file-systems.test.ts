/** Every kind of file system, made by its own programs from one tree full of hard names, and read back through our door. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openPartitionFiles } from '../../pipeline/commands/image/partition-files.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { writeRaw, writeVhdx } from '../../pipeline/disk/write.ts';
import type { Volume } from '../../pipeline/engine/partition-files/volume.ts';
import type { FileEntry, PartitionTree } from '../../pipeline/formats/partition-files.ts';
import type { ContentFile } from '../../pipeline/formats/image-contents.ts';
import { writeTar } from '../../pipeline/tree/tar.ts';
import { directory, symlink, textFile, type Tree, type TreeNode } from '../../pipeline/tree/tree.ts';
import { inTree, testEnvironment } from '../support/caisson.ts';

const { tools, scratch } = inject('builds');
const folder = path.join(scratch, 'file-systems');
const { signal } = new AbortController();
const MIB = 2 ** 20;
const EPOCH = 1_444_444_444;
/** Without the epoch of builds, which programs put in place of the times in a tar. */
const run = (...argv: string[]): Promise<string> =>
  inTree(tools, folder, ['env', '--unset=SOURCE_DATE_EPOCH', ...argv]);

/** Bytes that no compressor makes much of, and some that it does. */
const big = Buffer.concat([
  Buffer.from(Array.from({ length: 1_200_000 }, (_, i) => (i * i * 31 + i * 7) % 251)),
  Buffer.alloc(900_000, 'kelp'),
]);
const file = (data: Buffer | string, own: Partial<TreeNode> = {}): TreeNode => ({
  ...textFile(''),
  content: { data: Buffer.from(data) },
  ...own,
});
const large = file(big, { mode: 0o600, uid: 1000, gid: 33 });

const HARD_NAMES = [
  'a b',
  ' leading',
  'trailing ',
  '-dash',
  "it's",
  'say "kelp"',
  String.raw`back\slash`,
  '$HOME `id`;|&',
  '*?[a-z]',
  '<12>',
  'new\nline',
  'x\ndebugfs: ls -p <2>',
  'Directory for ::',
  '\u001b[31mred',
  'tab\there',
  'ünï—日本😀',
  'x -> y',
  '..x',
  '%s%n',
  'n'.repeat(255),
];

/** What a Linux file system can hold. */
const tree: Tree = new Map<string, TreeNode>([
  ['/', directory(0o751)],
  ['/empty', file('')],
  ['/big', large],
  ['/hard', large],
  ['/many', directory(0o1777)],
  ...Array.from({ length: 400 }, (_, i): [string, TreeNode] => [`/many/file-${i}-${'x'.repeat(i % 50)}`, file(`${i}`)]),
  ['/nest', directory()],
  ['/nest/deep', { ...directory(0o2750), uid: 70_000, gid: 200_000 }],
  ['/nest/deep/suid', file('#!', { mode: 0o6755, xattrs: { 'user.kelp': 'tide' } })],
  ['/nest/deep/up', symlink('../../big')],
  ['/abs', symlink('/nest/deep')],
  ['/circle', symlink('nest/../circle')],
  ['/arrow', symlink('a -> b\nc')],
  ['/slow', symlink(`${'./'.repeat(60)}empty`)],
  ['/names', directory()],
  ...HARD_NAMES.map((name): [string, TreeNode] => [`/names/${name}`, file(`content of ${name}`)]),
  [
    '/nest/null',
    { ...textFile(''), type: 'character-device', content: null, mode: 0o666, device: { major: 1, minor: 3 } },
  ],
  ['/nest/pipe', { ...textFile(''), type: 'fifo', content: null, mode: 0o600 }],
  ['/nest/shut', file('none may read', { mode: 0, uid: 7 })],
  ['/nest/shut-off', directory(0o500)],
  ['/nest/shut-off/in', file('it')],
  ['/names/dir [x]', directory()],
  ['/names/dir [x]/"quoted" \\', file('quoted')],
]);

interface Kind {
  filesystem: Volume['filesystem'];
  /** Makes fs.img in the folder out of tree.tar. */
  make: () => Promise<unknown>;
}

const erofs = (...options: string[]): Kind => ({
  filesystem: 'erofs',
  make: () => run('mkfs.erofs', '--quiet', `-T${EPOCH}`, ...options, '--tar=f', 'fs.img', 'tree.tar'),
});
const ext4 = (...options: string[]): Kind => ({
  filesystem: 'ext4',
  make: async () => {
    await writeFile(path.join(folder, 'fs.img'), '');
    await truncate(path.join(folder, 'fs.img'), 24 * MIB);
    await run('mke2fs', '-q', '-F', ...options, '-d', 'tree.tar', 'fs.img');
  },
});
const squashfs = (...options: string[]): Kind => ({
  filesystem: 'squashfs',
  make: () =>
    run('sh', '-c', 'exec mksquashfs - fs.img -tar -noappend -quiet -no-progress "$@" < tree.tar', 'sh', ...options),
});

const KINDS: [string, Kind][] = [
  ['erofs, plain', erofs()],
  ['erofs, zstd', erofs('-zzstd,3', '-C65536')],
  ['erofs, lz4hc, fragments, compact inodes', erofs('-zlz4hc', '-Efragments,dedupe', '--ignore-mtime')],
  ['erofs, in chunks of blocks of 512 bytes', erofs('-b512', '--chunksize=4096')],
  ['ext4', ext4('-t', 'ext4', '-b', '4096')],
  ['ext4, small blocks, inline data', ext4('-t', 'ext4', '-b', '1024', '-I', '512', '-O', 'inline_data')],
  ['ext2', ext4('-t', 'ext2', '-b', '2048')],
  ['squashfs, zstd', squashfs('-comp', 'zstd')],
  ['squashfs, gzip, small blocks, no fragments', squashfs('-comp', 'gzip', '-b', '4096', '-no-fragments')],
  ['squashfs, not compressed', squashfs('-no-compression')],
];

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await writeTar(tree, path.join(folder, 'tree.tar'), { epoch: EPOCH, signal });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe.each(KINDS)('%s', (_, { filesystem, make }) => {
  it('gives every file, owner, mode, time, target and byte', async () => {
    await make();
    await withFiles(filesystem, async files => {
      const found = await files.walk('/');
      const expected = [...tree].filter(([name]) => name !== '/').map(([name, node]) => entryOf(name, node));
      expect(found.filter(each => !each.path.startsWith('/lost+found'))).toEqual(sorted(expected));
      for (const [name, node] of tree)
        if (node.type === 'file' && !/file-[0-8]/.test(name)) await expectContent(files, name, node);
      await expectContent(files, '/abs/up', large);
      await expectContent(files, '/slow', file(''));
    });
  });

  it('gives the digest of every file, in the order of whole paths', async () => {
    await make();
    await withFiles(filesystem, async files => {
      const found = (await files.contents()).filter(each => !each.path.startsWith('/lost+found'));
      const expected = [...tree].filter(([name]) => name !== '/').map(([name, node]) => contentOf(name, node));
      expect(found).toEqual(expected.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))));
    });
    expect(await readdir(path.join(folder, 'scratch'))).not.toContain('unpacked');
  });
});

/** Names that FAT can hold, in both of its kinds of entries. */
const FAT_NAMES = [
  'UPPER.TXT',
  'lower.txt',
  'Mixed.Case.Name',
  ' leading',
  '-dash',
  "it's [odd] %~{x}",
  'ünï—日本.txt',
  '.x',
  'a.b.c',
];
const FAT_BITS = [
  ['12', 3],
  ['16', 24],
  ['32', 40],
] as const;

describe.each(FAT_BITS)('FAT%s', (bits, size) => {
  it('gives every folder, file, time and byte', async () => {
    await makeFat(bits, size * MIB);
    await withFiles('vfat', async files => {
      const below = (await files.walk('/')).map(each => [each.path, each.type, each.bytes, each.mode, each.modified]);
      // FAT keeps no seconds that mtools would show.
      const time = EPOCH - (EPOCH % 60);
      expect(below.map(([name]) => name)).toEqual(
        sorted(
          [
            '/EFI',
            '/EFI/Dir with [x]',
            ...FAT_NAMES.map(each => `/EFI/Dir with [x]/${each}`),
            '/big.bin',
            '/empty',
          ].map(each => ({ path: each })),
        ).map(each => each.path),
      );
      expect(below.find(([name]) => name === '/big.bin')).toEqual(['/big.bin', 'file', big.length, null, time]);
      expect(below.find(([name]) => name === '/EFI')?.slice(1, 4)).toEqual(['directory', 0, null]);
      for (const each of FAT_NAMES) await expectContent(files, `/EFI/Dir with [x]/${each}`, file(`content of ${each}`));
      await expectContent(files, '/efi/DIR WITH [X]/../../BIG.BIN', file(big));
      await expectContent(files, '/empty', file(''));
    });
  });
});

describe('a partition that is damaged', () => {
  const rows: [string, Kind['filesystem'], () => Promise<unknown>, (bytes: Buffer) => void, RegExp][] = [
    [
      'ext4: a folder',
      'ext4',
      ext4('-t', 'ext4', '-b', '1024').make,
      each => scramble(each, '"quoted" \\'),
      /^Reef: debugfs cannot read its ext4: .*checksum/,
    ],
    [
      'squashfs: its tables',
      'squashfs',
      squashfs().make,
      each => each.fill(0x55, 96, each.length - 10_000),
      /^Reef: unsquashfs cannot read its squashfs: /,
    ],
    [
      'FAT: a folder that holds itself',
      'vfat',
      async () => makeFat('12', 3 * MIB),
      intoCircle,
      /^Reef: mdir cannot read its vfat: /,
    ],
  ];
  it.each(rows)('%s', async (_, filesystem, make, change, message) => {
    await make();
    const image = path.join(folder, 'fs.img');
    const bytes = await readFile(image);
    change(bytes);
    await writeFile(image, bytes);
    const walking = withFiles(filesystem, async files => {
      for (const each of await files.walk('/'))
        if (each.type === 'file') await files.extract(each.path, path.join(folder, 'out'));
    });
    await expect(walking).rejects.toThrow(message);
    await expect(walking).rejects.toMatchObject({ name: 'FormatFault' });
  });
});

/** The files of fs.img: 3 MiB into a raw disk, and in a dynamic VHDX, whose blocks of zeros are left out. */
async function withFiles(
  filesystem: Volume['filesystem'],
  use: (files: PartitionTree) => Promise<void>,
): Promise<void> {
  const image = path.join(folder, 'fs.img');
  const length = (await readFile(image)).length;
  const end = 3 * MIB + Math.ceil(length / MIB) * MIB;
  const map = {
    size: end + MIB,
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
    extents: [{ start: 3 * MIB, length, file: image, offset: 0 }],
  };
  const guid = '11111111-aaaa-4bbb-8ccc-0123456789ab';
  const write = { signal, onProgress: () => undefined };
  const identity = {
    fileWriteGuid: guid,
    dataWriteGuid: guid,
    diskId: guid,
    creator: 'kelp',
    fixed: false,
    blockSize: MIB,
  };
  const disks = {
    'disk.raw': () => writeRaw(map, path.join(folder, 'disk.raw'), write),
    'disk.vhdx': () => writeVhdx(map, path.join(folder, 'disk.vhdx'), { ...write, ...identity }),
  };
  for (const [name, make] of Object.entries(disks)) {
    await make();
    const place = path.join(folder, 'scratch');
    await rm(place, { recursive: true, force: true });
    await withImage(path.join(folder, name), async disk => {
      const options = {
        file: path.join(folder, name),
        filesystem,
        tools,
        environment: testEnvironment(''),
        scratch: place,
        signal,
      };
      await use(await openPartitionFiles(disk, { name: 'Reef', start: 3 * MIB, end }, options));
    });
  }
}

async function expectContent(files: PartitionTree, name: string, { content }: TreeNode): Promise<void> {
  const target = path.join(folder, 'out');
  await files.extract(name, target);
  const expected = content !== null && 'data' in content ? content.data : Buffer.alloc(0);
  if (!(await readFile(target)).equals(expected)) throw new Error(`${name} has other bytes`);
}

function entryOf(name: string, { type, mode, uid, gid, content, target }: TreeNode): FileEntry {
  const bytes =
    type === 'symlink' ? Buffer.byteLength(target) : content !== null && 'data' in content ? content.data.length : 0;
  const kind = type === 'file' || type === 'directory' || type === 'symlink' ? type : 'other';
  return { path: name, type: kind, mode, uid, gid, bytes, modified: EPOCH, target: type === 'symlink' ? target : null };
}

function contentOf(name: string, node: TreeNode): ContentFile {
  const { type, mode, uid, gid, target, bytes, path } = entryOf(name, node);
  const data = node.content !== null && 'data' in node.content ? node.content.data : Buffer.alloc(0);
  const isFile = type === 'file';
  return {
    path,
    type,
    mode: mode ?? 0,
    uid: uid ?? 0,
    gid: gid ?? 0,
    bytes: isFile ? bytes : 0,
    target,
    sha256: isFile ? createHash('sha256').update(data).digest('hex') : null,
  };
}

function sorted<T extends { path: string }>(all: readonly T[]): T[] {
  const key = (each: T): Buffer => Buffer.from(each.path.replaceAll('/', '\0'));
  return all.toSorted((a, b) => Buffer.compare(key(a), key(b)));
}

async function makeFat(bits: string, size: number): Promise<void> {
  const host = path.join(folder, 'fat');
  await rm(host, { recursive: true, force: true });
  await mkdir(path.join(host, 'Dir with [x]'), { recursive: true });
  for (const each of FAT_NAMES) await writeFile(path.join(host, 'Dir with [x]', each), `content of ${each}`);
  await writeFile(path.join(host, 'big.bin'), big);
  await writeFile(path.join(host, 'empty'), '');
  for (const each of ['big.bin', 'empty']) await utimes(path.join(host, each), EPOCH, EPOCH);
  await writeFile(path.join(folder, 'fs.img'), '');
  await truncate(path.join(folder, 'fs.img'), size);
  await run('mkfs.vfat', '-F', bits, '-n', 'KELP', 'fs.img');
  await run('mmd', '-i', 'fs.img', '::EFI');
  await run('mcopy', '-s', '-m', '-i', 'fs.img', '/mnt/work/fat/Dir with [x]', '::EFI/');
  await run('mcopy', '-m', '-i', 'fs.img', '/mnt/work/fat/big.bin', '/mnt/work/fat/empty', '::');
}

/** Changes the text wherever it stands. */
function scramble(bytes: Buffer, text: string): void {
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) bytes.write('kelp', at);
}

/** The first folder entry of a FAT12 that is itself inside EFI gets EFI's own first cluster. */
function intoCircle(bytes: Buffer): void {
  const root = bytes.indexOf('EFI        ');
  const inner = bytes.indexOf('DIRWIT~1   ');
  bytes.writeUInt16LE(bytes.readUInt16LE(root + 26), inner + 26);
}
