/** The way from a block to the root hash of dm-verity: Linux, Documentation/admin-guide/device-mapper/verity.rst. */
import { createHash } from 'node:crypto';
import type { Bytes } from './bytes.ts';
import { readFully, type ReadAt } from './read-at.ts';
import type { Verity } from './verity.ts';

/** What of a superblock decides the way. */
export type HashTree = Pick<
  Verity,
  'hashType' | 'algorithm' | 'dataBlockSize' | 'hashBlockSize' | 'dataBlocks' | 'salt' | 'tree'
>;

/** A block of the tree, or of the data: level -1. Level 0 has the digests of the data. */
export interface TreePlace {
  level: number;
  index: number;
}

export interface PathCheck {
  /** Every hash on the way is what its parent, or in the end the root hash, says. */
  fits: boolean;
  /** The lowest block on the way whose hash is not; null when all are. */
  broken: TreePlace | null;
}

/** Hashes the block at `place` and those above it, up to `rootHash` (hexadecimal). Data stand at the start of what `read` reads. */
export async function checkPath(
  read: ReadAt,
  verity: HashTree,
  { place, rootHash }: { place: TreePlace; rootHash: string },
): Promise<PathCheck> {
  for (let at = place; ; at = parentOf(verity, at)) {
    const found = hashBlock(verity, await readBlock(read, verity, at));
    if (!(await wantedHash(read, verity, { place: at, rootHash })).equals(found)) return { fits: false, broken: at };
    if (at.level === verity.tree.levels - 1) return { fits: true, broken: null };
  }
}

/** The digest that the tree, or for its top `rootHash`, has for a block. */
export async function wantedHash(
  read: ReadAt,
  verity: HashTree,
  { place, rootHash }: { place: TreePlace; rootHash: string },
): Promise<Buffer> {
  if (place.level === verity.tree.levels - 1) return Buffer.from(rootHash, 'hex');
  const parent = parentOf(verity, place);
  const { digestBytes, perBlock, stride } = packingOf(verity);
  const offset = placeOf(verity, parent).offset + (place.index % perBlock) * stride;
  return Buffer.from(await readFully(read, 'a digest of the hash tree', { offset, length: digestBytes }));
}

/** Version 1 hashes the salt before the block, version 0 (Chromium OS) behind it. */
export function hashBlock({ algorithm, hashType, salt }: HashTree, block: Uint8Array): Buffer {
  const salted = Buffer.from(salt, 'hex');
  const hash = createHash(algorithm);
  for (const part of hashType === 1 ? [salted, block] : [block, salted]) hash.update(part);
  return hash.digest();
}

/** Where a block stands, in bytes. */
export function placeOf(verity: HashTree, { level, index }: TreePlace): { offset: Bytes; length: Bytes } {
  const { dataBlockSize, hashBlockSize } = verity;
  if (level === -1) return { offset: index * dataBlockSize, length: dataBlockSize };
  return { offset: (levelStarts(verity)[level] ?? 0) + index * hashBlockSize, length: hashBlockSize };
}

/** Which block of the tree the byte at `offset` is in. */
export function treePlaceAt(verity: HashTree, offset: Bytes): TreePlace {
  const starts = levelStarts(verity);
  const level = starts.findIndex(start => start <= offset);
  return { level, index: Math.floor((offset - (starts[level] ?? 0)) / verity.hashBlockSize) };
}

async function readBlock(read: ReadAt, verity: HashTree, place: TreePlace): Promise<Uint8Array> {
  return readFully(read, 'a block on the way to the root hash', placeOf(verity, place));
}

function parentOf(verity: HashTree, { level, index }: TreePlace): TreePlace {
  return { level: level + 1, index: Math.floor(index / packingOf(verity).perBlock) };
}

/** By level: the top comes first on the disk, the digests of the data last. */
function levelStarts(verity: HashTree): Bytes[] {
  const { dataBlocks, tree, hashBlockSize } = verity;
  const starts: Bytes[] = [];
  let [below, end] = [dataBlocks, tree.end];
  for (let level = 0; level < tree.levels; level += 1) {
    below = Math.ceil(below / packingOf(verity).perBlock);
    end -= below * hashBlockSize;
    starts.push(end);
  }
  return starts;
}

/** Digests of version 1 take a power of two of bytes each. */
function packingOf({ algorithm, hashType, hashBlockSize }: HashTree): {
  digestBytes: Bytes;
  perBlock: number;
  stride: Bytes;
} {
  const digestBytes = createHash(algorithm).digest().length;
  const perBlock = 2 ** Math.floor(Math.log2(hashBlockSize / digestBytes));
  return { digestBytes, perBlock, stride: hashType === 1 ? hashBlockSize / perBlock : digestBytes };
}
