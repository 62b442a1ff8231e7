/** Superblock of ext2, ext3 and ext4: the kernel's Documentation/filesystems/ext4/super.rst, whose field names follow. */
import { crc32c } from '../crc32c.ts';
import { fieldText } from '../field-text.ts';
import { NIL_GUID, decodeUuid } from '../guid.ts';
import { type ReadAt, readFully, viewOf } from '../read-at.ts';
import { damagedFilesystem, type DecodeFilesystem, isoTime } from './filesystem.ts';

const SUPERBLOCK = { start: 1024, length: 1024 } as const;
const MAGIC = 0xef53;

const COMPAT = { hasJournal: 0x4, orphanFile: 0x1000 } as const;
const INCOMPAT = { filetype: 0x2, recover: 0x4, journalDevice: 0x8, metaBg: 0x10, is64bit: 0x80 } as const;
const RO_COMPAT = { sparseSuper: 0x1, largeFile: 0x2, btreeDir: 0x4, metadataChecksum: 0x400 } as const;
/** What ext3 knows; anything else makes an ext4 (as libblkid tells them apart). */
const INCOMPAT_OF_EXT3 = INCOMPAT.filetype | INCOMPAT.recover | INCOMPAT.metaBg;
const RO_COMPAT_OF_EXT3 = RO_COMPAT.sparseSuper | RO_COMPAT.largeFile | RO_COMPAT.btreeDir;

/** s_state. */
const STATE = { valid: 1, errors: 2, orphans: 4 } as const;

/** Counts are those of the superblock: exact when it was unmounted cleanly, which `faults` tells. */
export const decodeExt4: DecodeFilesystem = async ({ head }) => {
  const bytes = head.subarray(SUPERBLOCK.start, SUPERBLOCK.start + SUPERBLOCK.length);
  if (bytes.length < SUPERBLOCK.length) return null;
  const view = viewOf(bytes);
  const u32 = (at: number): number => view.getUint32(at, true);
  if (view.getUint16(0x38, true) !== MAGIC) return null;
  const features = { compat: u32(0x5c), incompat: u32(0x60), roCompat: u32(0x64) };
  // The journal of another file system, not one itself.
  if ((features.incompat & INCOMPAT.journalDevice) !== 0) return null;
  checkSum(bytes, features.roCompat);
  const wide = (features.incompat & INCOMPAT.is64bit) !== 0;
  const blocks = u32(0x4) + (wide ? u32(0x150) * 2 ** 32 : 0);
  const freeBlocks = u32(0xc) + (wide ? u32(0x158) * 2 ** 32 : 0);
  if (u32(0x18) > 6) throw damagedFilesystem('ext4', `block size 2^${10 + u32(0x18)}`);
  const blockSize = 2 ** (10 + u32(0x18));
  if (blocks === 0 || freeBlocks > blocks || !Number.isSafeInteger(blocks * blockSize))
    throw damagedFilesystem('ext4', `${freeBlocks} of ${blocks} blocks are free`);
  const uuid = decodeUuid(bytes, 0x68);
  return {
    type: 'ext4',
    variant: variantOf(features),
    uuid: uuid === NIL_GUID ? null : uuid,
    label: fieldText(bytes.subarray(0x78, 0x88)),
    blockSize,
    size: blocks * blockSize,
    used: (blocks - freeBlocks) * blockSize,
    free: freeBlocks * blockSize,
    compression: [],
    made: isoTime(u32(0x108) + (bytes[0x276] ?? 0) * 2 ** 32),
    faults: stateFaults(view.getUint16(0x3a, true), (features.incompat & INCOMPAT.recover) !== 0),
  };
};

/** What was done with an ext4 since it was made; counts are those of the superblock. */
export interface Ext4Use {
  /** It was ever mounted for writing: s_mtime, s_mnt_count (which fsck sets back). */
  mounted: boolean;
  /** Inodes in use but those that every new one has: the reserved ones, lost+found behind them, the file of orphans. */
  files: number;
}

/** Of a partition that decodeExt4 takes for an ext4. */
export async function readExt4Use(read: ReadAt): Promise<Ext4Use> {
  const place = { offset: SUPERBLOCK.start, length: SUPERBLOCK.length };
  const view = viewOf(await readFully(read, 'the superblock', place));
  const u32 = (at: number): number => view.getUint32(at, true);
  const [inodes, freeInodes, firstOwn] = [u32(0x0), u32(0x10), u32(0x54)];
  const orphanFiles = (u32(0x5c) & COMPAT.orphanFile) === 0 ? 0 : 1;
  return {
    mounted: u32(0x2c) !== 0 || view.getUint16(0x34, true) !== 0,
    files: inodes - freeInodes - firstOwn - orphanFiles,
  };
}

/** s_checksum, the last field: CRC-32C of all before it, without the final inversion. */
function checkSum(bytes: Uint8Array, roCompat: number): void {
  if ((roCompat & RO_COMPAT.metadataChecksum) === 0) return;
  const [found, stored] = [(crc32c(bytes.subarray(0, 0x3fc)) ^ 0xffffffff) >>> 0, viewOf(bytes).getUint32(0x3fc, true)];
  if (found !== stored)
    throw damagedFilesystem(
      'ext4',
      `CRC-32C of the superblock is ${found.toString(16)}, it says ${stored.toString(16)}`,
    );
}

function variantOf({ compat, incompat, roCompat }: { compat: number; incompat: number; roCompat: number }): string {
  if ((incompat & ~INCOMPAT_OF_EXT3) !== 0 || (roCompat & ~RO_COMPAT_OF_EXT3) !== 0) return 'ext4';
  return (compat & COMPAT.hasJournal) === 0 ? 'ext2' : 'ext3';
}

function stateFaults(state: number, recover: boolean): string[] {
  return [
    ...(recover ? ['journal to be replayed: it was not unmounted cleanly'] : []),
    ...(!recover && (state & STATE.valid) === 0 ? ['not unmounted cleanly'] : []),
    ...((state & STATE.errors) === 0 ? [] : ['the kernel found errors in it']),
    ...((state & STATE.orphans) === 0 ? [] : ['orphaned inodes are still to be removed']),
  ];
}
