/**
 * Folders and inodes of an erofs; the contents of files, which may be compressed, are left to dump.erofs(1). That
 * program does not tell setuid, setgid and sticky bits, and needs a process for each inode.
 * Layout: Linux, Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h. Everything is little endian.
 */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { contentLength, splitMode, type Inode } from './inode.ts';
import { readFully, readU64, viewOf, type ReadAt } from './read-at.ts';

export interface ErofsFolders {
  /** Inode number of the root folder. */
  root: number;
  /** The inodes that a folder names, without `.` and `..`. Throws FormatFault for what is no sound folder. */
  children(folder: number): Promise<Inode[]>;
}

interface Superblock {
  blockSize: Bytes;
  root: number;
  /** Of the inode with number 0. */
  inodesStart: Bytes;
  /** Seconds since 1970, of each inode without a time of its own. */
  built: number;
}

/** Inode as on disk, with the place of what it holds. */
interface DiskInode {
  nid: number;
  type: Inode['type'];
  mode: number;
  uid: number;
  gid: number;
  size: Bytes;
  modified: number;
  layout: number;
  /** Of the first block of a flat file. */
  dataStart: Bytes;
  /** Of what follows the inode and its extended attributes. */
  tailStart: Bytes;
}

const MAGIC = 0xe0f5e1e2;
const SUPERBLOCK: { offset: Bytes; length: Bytes } = { offset: 1024, length: 128 };
/** Features up to prefixes of extended attributes (Linux 6.4); later ones move inodes to other places. */
const KNOWN_FEATURES = 0x7f;
const SLOT: Bytes = 32;
const LAYOUT = { flat: 0, inline: 2 } as const;
const ENTRY: Bytes = 12;
/** Of a folder: a million entries with names of 50 bytes. */
const MOST_CONTENT: Bytes = 2 ** 26;
/** PATH_MAX: no kernel gives out a longer target. */
const LONGEST_TARGET: Bytes = 4096;

/** `read` reads the partition. Throws FormatFault when it holds no erofs, or one with features that are not known here. */
export async function readErofs(read: ReadAt): Promise<ErofsFolders> {
  const superblock = decodeSuperblock(await readFully(read, 'the erofs superblock', SUPERBLOCK));
  return {
    root: superblock.root,
    children: async nid => {
      const folder = await readInode(read, superblock, nid);
      if (folder.type !== 'directory') throw damaged(`inode ${nid} is no folder`);
      const names = decodeNames(await readFlat(read, superblock, folder), superblock.blockSize);
      const children: Inode[] = [];
      for (const { name, child } of names) children.push(await describe(read, superblock, { name, child }));
      return children;
    },
  };
}

function decodeSuperblock(bytes: Uint8Array): Superblock {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) throw damaged('no erofs superblock');
  const [blockBits, folderBits] = [bytes[12] ?? 0, bytes[90] ?? 0];
  const unknown = (view.getUint32(80, true) & ~KNOWN_FEATURES) >>> 0;
  if (unknown !== 0 || folderBits !== 0) {
    const what = unknown === 0 ? `folder blocks of ${folderBits} more bits` : `features 0x${unknown.toString(16)}`;
    throw new FormatFault(`erofs with ${what}, which Caisson does not know`, 'mount it with a kernel that does');
  }
  if (blockBits < 9 || blockBits > 16) throw damaged(`blocks of 2^${blockBits} bytes`);
  const blockSize = 2 ** blockBits;
  return {
    blockSize,
    root: view.getUint16(14, true),
    inodesStart: view.getUint32(40, true) * blockSize,
    built: readU64(bytes, 24),
  };
}

async function describe(
  read: ReadAt,
  superblock: Superblock,
  { name, child }: { name: string; child: number },
): Promise<Inode> {
  const inode = await readInode(read, superblock, child);
  const { type, mode, uid, gid, size, modified } = inode;
  if (type === 'symlink' && size > LONGEST_TARGET) throw damaged(`inode ${child} is a link of ${size} bytes`);
  const target = type === 'symlink' ? textOf(await readFlat(read, superblock, inode)) : null;
  return { name, id: String(child), type, mode, uid, gid, bytes: contentLength(type, size), modified, target };
}

/** A compact inode has 32 bytes and the file system's time; an extended one has 64. */
async function readInode(read: ReadAt, { inodesStart, blockSize, built }: Superblock, nid: number): Promise<DiskInode> {
  const start = inodesStart + nid * SLOT;
  const what = `inode ${nid}`;
  const first = await readFully(read, what, { offset: start, length: SLOT });
  const format = viewOf(first).getUint16(0, true);
  const extended = (format & 1) === 1;
  const bytes = extended ? await readFully(read, what, { offset: start, length: 2 * SLOT }) : first;
  const view = viewOf(bytes);
  const attributes = view.getUint16(2, true);
  return {
    nid,
    ...splitMode(view.getUint16(4, true)),
    uid: extended ? view.getUint32(24, true) : view.getUint16(24, true),
    gid: extended ? view.getUint32(28, true) : view.getUint16(26, true),
    size: extended ? readU64(bytes, 8) : view.getUint32(8, true),
    modified: extended ? Number(view.getBigInt64(32, true)) : built,
    layout: (format >> 1) & 7,
    dataStart: view.getUint32(16, true) * blockSize,
    tailStart: start + bytes.length + (attributes === 0 ? 0 : 12 + 4 * (attributes - 1)),
  };
}

/** All that a folder or link holds: full blocks in one piece, and with the inline layout a tail behind the inode. */
async function readFlat(
  read: ReadAt,
  { blockSize }: Superblock,
  { nid, size, layout, dataStart, tailStart }: DiskInode,
): Promise<Uint8Array> {
  const what = `the content of inode ${nid}`;
  if (size > MOST_CONTENT) throw damaged(`${what} takes ${size} bytes`);
  if (layout === LAYOUT.flat) return readFully(read, what, { offset: dataStart, length: size });
  if (layout !== LAYOUT.inline) throw damaged(`${what} has layout ${layout}`);
  const blocks = size === 0 ? 0 : (Math.ceil(size / blockSize) - 1) * blockSize;
  const tail = size - blocks;
  if (Math.floor(tailStart / blockSize) !== Math.floor((tailStart + Math.max(tail, 1) - 1) / blockSize))
    throw damaged(`${what} crosses the end of a block`);
  return Buffer.concat([
    // Without full blocks their place is nowhere.
    blocks === 0 ? new Uint8Array() : await readFully(read, what, { offset: dataStart, length: blocks }),
    await readFully(read, what, { offset: tailStart, length: tail }),
  ]);
}

/** Each block: entries of 12 bytes (inode, place of the name, type), then their names; the last name ends with it. */
function decodeNames(content: Uint8Array, blockSize: Bytes): { name: string; child: number }[] {
  const names: { name: string; child: number }[] = [];
  for (let start = 0; start < content.length; start += blockSize) {
    const block = content.subarray(start, Math.min(start + blockSize, content.length));
    const places = namePlaces(block);
    for (const [index, from] of places.entries()) {
      const to = places[index + 1] ?? endOfLast(block, from);
      if (from >= to) throw damaged(`a folder's name at [${from}, ${to})`);
      const name = textOf(block.subarray(from, to));
      if (name === '.' || name === '..') continue;
      if (/[\0/]/.test(name)) throw damaged(`a folder has the name ${JSON.stringify(name)}`);
      names.push({ name, child: readU64(block, index * ENTRY) });
    }
  }
  return names;
}

function namePlaces(block: Uint8Array): number[] {
  if (block.length < ENTRY) throw damaged(`a folder block of ${block.length} bytes`);
  const view = viewOf(block);
  const first = view.getUint16(8, true);
  if (first < ENTRY || first % ENTRY !== 0 || first >= block.length)
    throw damaged(`a folder with names from ${first} on`);
  const places = Array.from({ length: first / ENTRY }, (_, index) => view.getUint16(index * ENTRY + 8, true));
  const outside = places.find(place => place < first || place >= block.length);
  if (outside !== undefined) throw damaged(`a folder with a name at ${outside} of ${block.length}`);
  return places;
}

function endOfLast(block: Uint8Array, from: number): number {
  const zero = block.indexOf(0, from);
  return zero === -1 ? block.length : zero;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged erofs: ${what}`, 'build the image again, or copy it again and compare its checksum');
}
