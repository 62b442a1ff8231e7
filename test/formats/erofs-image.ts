/** Small erofs images, written by the layout of the kernel's fs/erofs/erofs_fs.h. */

export const BLOCK = 512;
const INODES = 8 * BLOCK;
const SUPERBLOCK = 1024;

export interface FakeInode {
  mode: number;
  uid?: number;
  gid?: number;
  /** Seconds; for extended inodes. */
  modified?: bigint;
  extended?: boolean;
  layout?: 'flat' | 'inline' | number;
  /** Entries of extended attributes: more bytes before an inline tail. */
  attributes?: number;
  content?: Buffer;
  /** When the inode says another length than its content has. */
  size?: number;
}

export interface ErofsImage {
  image: Buffer;
  /** Where each inode stands, in the order given. */
  places: number[];
  nids: number[];
}

export const BUILT = 1_700_000_123;

/**
 * The first inode is the root. Each has 8 blocks for what it holds; a tail comes behind the inode, which starts a
 * block. `content` of a folder is made by entries().
 */
export function erofsOf(inodes: readonly FakeInode[]): ErofsImage {
  const image = Buffer.alloc(INODES + inodes.length * 9 * BLOCK);
  image.writeUInt32LE(0xe0f5e1e2, SUPERBLOCK);
  image[SUPERBLOCK + 12] = Math.log2(BLOCK);
  image.writeUInt16LE(nidOf(0), SUPERBLOCK + 14);
  image.writeBigUInt64LE(BigInt(BUILT), SUPERBLOCK + 24);
  image.writeUInt32LE(INODES / BLOCK, SUPERBLOCK + 40);
  const places = inodes.map((inode, index) => writeInode(image, inode, INODES + index * 9 * BLOCK));
  return { image, places, nids: inodes.map((_, index) => nidOf(index)) };
}

export function nidOf(index: number): number {
  return (index * 9 * BLOCK) / 32;
}

function writeInode(image: Buffer, inode: FakeInode, at: number): number {
  const { mode, uid = 0, gid = 0, modified = 0n, extended = false, attributes = 0, content = Buffer.alloc(0) } = inode;
  const layout = inode.layout === 'flat' ? 0 : inode.layout === 'inline' ? 2 : (inode.layout ?? 2);
  image.writeUInt16LE((extended ? 1 : 0) | (layout << 1), at);
  image.writeUInt16LE(attributes, at + 2);
  image.writeUInt16LE(mode, at + 4);
  const size = extended ? 64 : 32;
  if (extended) {
    image.writeBigUInt64LE(BigInt(inode.size ?? content.length), at + 8);
    image.writeUInt32LE(uid, at + 24);
    image.writeUInt32LE(gid, at + 28);
    image.writeBigInt64LE(modified, at + 32);
  } else {
    image.writeUInt32LE(inode.size ?? content.length, at + 8);
    image.writeUInt16LE(uid, at + 24);
    image.writeUInt16LE(gid, at + 26);
  }
  const blocks = layout === 0 ? content.length : Math.max(0, (Math.ceil(content.length / BLOCK) - 1) * BLOCK);
  image.writeUInt32LE(blocks === 0 ? 0xffffffff : at / BLOCK + 1, at + 16);
  content.copy(image, at + BLOCK, 0, blocks);
  content.copy(image, at + size + (attributes === 0 ? 0 : 12 + 4 * (attributes - 1)), blocks);
  return at;
}

/** Folder blocks: as many entries in each as fit; all but the last block are filled up with zeros. */
export function entries(names: readonly { name: Buffer | string; nid: number }[]): Buffer {
  const blocks: Buffer[] = [];
  let block: { name: Buffer; nid: number }[] = [];
  const bytesOf = (each: readonly { name: Buffer }[]) => each.reduce((sum, { name }) => sum + 12 + name.length, 0);
  for (const { name, nid } of names) {
    const entry = { name: Buffer.from(name), nid };
    if (bytesOf([...block, entry]) > BLOCK) {
      blocks.push(Buffer.concat([encodeBlock(block)], BLOCK));
      block = [];
    }
    block.push(entry);
  }
  return Buffer.concat([...blocks, encodeBlock(block)]);
}

function encodeBlock(block: readonly { name: Buffer; nid: number }[]): Buffer {
  const heads = Buffer.alloc(12 * block.length);
  let place = heads.length;
  for (const [index, { name, nid }] of block.entries()) {
    heads.writeBigUInt64LE(BigInt(nid), index * 12);
    heads.writeUInt16LE(place, index * 12 + 8);
    place += name.length;
  }
  return Buffer.concat([heads, ...block.map(({ name }) => name)]);
}
