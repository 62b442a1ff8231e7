/**
 * dm-verity's superblock and hash tree: "on-disk format" of the kernel's admin-guide/device-mapper/verity.rst, and
 * cryptsetup's lib/verity for the superblock. FEC, which may follow, has no header of its own.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { fieldText } from './field-text.ts';
import { decodeUuid } from './guid.ts';
import { type ReadAt, readFully, readU64, viewOf } from './read-at.ts';

const SIGNATURE = 'verity\0\0';
export const SUPERBLOCK_BYTES: Bytes = 512;
const MOST_SALT: Bytes = 256;
/** cryptsetup's VERITY_MAX_BLOCK_SIZE is the same. */
const MOST_BLOCK: Bytes = 2 ** 19;

export interface Verity {
  /** Of the superblock, from the start of the partition. */
  offset: Bytes;
  uuid: string;
  /** 1: salt before the data (the usual); 0: behind it (Chromium OS). */
  hashType: number;
  algorithm: string;
  dataBlockSize: Bytes;
  hashBlockSize: Bytes;
  dataBlocks: number;
  /** Hexadecimal. */
  salt: string;
  /** Half open, from the start of the partition; the root's block comes first. */
  tree: { start: Bytes; end: Bytes; levels: number };
  /** Computed from the top block of the tree, hexadecimal; null for one data block that stands elsewhere. */
  rootHash: string | null;
}

/**
 * The verity superblock at `offset` of a partition of `room` bytes, with the root hash that its tree has now; null
 * when none stands there. The data are taken to stand before it, at the start of the partition, unless `offset` is 0.
 * Throws FormatFault for one that is damaged.
 */
export async function decodeVerity(
  read: ReadAt,
  { offset, room }: { offset: Bytes; room: Bytes },
): Promise<Verity | null> {
  if (offset + SUPERBLOCK_BYTES > room) return null;
  const bytes = await readFully(read, 'the verity superblock', { offset, length: SUPERBLOCK_BYTES });
  if (Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== SIGNATURE) return null;
  const superblock = decodeSuperblock(bytes);
  const tree = treeExtent(superblock, offset);
  if (tree.end > room) throw damaged(`its tree ends at ${tree.end}, the partition has ${room} bytes`);
  return { offset, ...superblock, tree, rootHash: await hashTop(read, superblock, { tree, offset }) };
}

type Superblock = Omit<Verity, 'offset' | 'tree' | 'rootHash'>;

function decodeSuperblock(bytes: Uint8Array): Superblock {
  const view = viewOf(bytes);
  const [version, hashType] = [view.getUint32(8, true), view.getUint32(12, true)];
  const [dataBlockSize, hashBlockSize] = [view.getUint32(64, true), view.getUint32(68, true)];
  const [dataBlocks, saltBytes] = [readU64(bytes, 72), view.getUint16(80, true)];
  const algorithm = fieldText(bytes.subarray(32, 64));
  if (version !== 1 || hashType > 1)
    throw damaged(`version ${version}, hash type ${hashType}; 1, and 0 or 1, are known`);
  for (const size of [dataBlockSize, hashBlockSize])
    if (size < 512 || size > MOST_BLOCK || !Number.isInteger(Math.log2(size))) throw damaged(`blocks of ${size} bytes`);
  if (dataBlocks === 0 || !Number.isSafeInteger(dataBlocks * dataBlockSize)) throw damaged(`${dataBlocks} data blocks`);
  if (saltBytes > MOST_SALT) throw damaged(`salt of ${saltBytes} bytes`);
  const salt = Buffer.from(bytes.subarray(88, 88 + saltBytes)).toString('hex');
  return { uuid: decodeUuid(bytes, 16), hashType, algorithm, dataBlockSize, hashBlockSize, dataBlocks, salt };
}

/** The tree starts in the first hash block behind the superblock: top level first, each level in whole blocks. */
function treeExtent({ algorithm, hashBlockSize, dataBlocks }: Superblock, offset: Bytes): Verity['tree'] {
  const digestBytes = hashBy(algorithm).digest().length;
  const perBlock = 2 ** Math.floor(Math.log2(hashBlockSize / digestBytes));
  const start = Math.ceil((offset + SUPERBLOCK_BYTES) / hashBlockSize) * hashBlockSize;
  let [blocks, levels] = [0, 0];
  for (let level = dataBlocks; level > 1; levels += 1) {
    level = Math.ceil(level / perBlock);
    blocks += level;
  }
  return { start, end: start + blocks * hashBlockSize, levels };
}

function hashBy(algorithm: string): Hash {
  try {
    return createHash(algorithm);
  } catch {
    throw damaged(`hash algorithm ${JSON.stringify(algorithm)}, which is not known here`);
  }
}

/** A tree of no level is a single data block, whose hash is the root itself. */
async function hashTop(
  read: ReadAt,
  { algorithm, hashType, hashBlockSize, dataBlockSize, salt }: Superblock,
  { tree, offset }: { tree: Verity['tree']; offset: Bytes },
): Promise<string | null> {
  if (tree.levels === 0 && offset === 0) return null;
  const place =
    tree.levels === 0 ? { offset: 0, length: dataBlockSize } : { offset: tree.start, length: hashBlockSize };
  const block = await readFully(read, 'the top of the hash tree', place);
  const salted = Buffer.from(salt, 'hex');
  const hash = hashBy(algorithm);
  for (const part of hashType === 1 ? [salted, block] : [block, salted]) hash.update(part);
  return hash.digest('hex');
}

/**
 * Where FEC of `roots` parity bytes in 255 ends when it starts at `start`, in bytes, all in one partition: it covers
 * data and tree, and what else stands before it (cryptsetup's lib/verity/verity_fec.c, VERITY_FEC_blocks).
 */
export function fecEnd(
  { dataBlocks, dataBlockSize, tree }: Verity,
  { start, roots }: { start: Bytes; roots: number },
): Bytes {
  const covered = dataBlocks + Math.ceil((start - tree.start) / dataBlockSize);
  return start + Math.ceil(covered / (255 - roots)) * roots * dataBlockSize;
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged verity superblock: ${what}`, 'build the image again, or copy it again');
}
