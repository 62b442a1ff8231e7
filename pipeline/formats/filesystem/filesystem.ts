/** What the superblock of any file system tells, and how a decoder is called. */
import type { Bytes } from '../bytes.ts';
import { FormatFault } from '../fault.ts';
import type { ReadAt } from '../read-at.ts';

export type FilesystemType = 'ext4' | 'erofs' | 'squashfs' | 'vfat';

export interface Filesystem {
  /** The family, by the name that layouts and mount(8) use. */
  type: FilesystemType;
  /** The member of the family: `ext2`, `FAT16`, `squashfs 4.0`. */
  variant: string;
  /** As blkid(8) writes it (FAT: the serial, `89AB-CDEF`); null when the format has none or it was not set. */
  uuid: string | null;
  /** Empty for none. */
  label: string;
  /** Of squashfs the size of its data blocks, of FAT the cluster. */
  blockSize: Bytes;
  /** From the start of its partition. */
  size: Bytes;
  /** Of `size`; what is not free, the file system's own tables included. Null when counting it would take too long. */
  used: Bytes | null;
  free: Bytes | null;
  /** Algorithms that its data may be packed with; empty for none, and where the superblock does not tell. */
  compression: string[];
  /** When it was made, ISO 8601; null when it does not say. */
  made: string | null;
  /** What is wrong with it, in words. */
  faults: string[];
}

/** A partition as a decoder sees it. */
export interface Source {
  read: ReadAt;
  /** Length of the partition. */
  room: Bytes;
  /** Its first HEAD_BYTES, fewer when it is shorter. */
  head: Uint8Array;
}

/** All superblocks that are known here start in the first 4 KiB. */
export const HEAD_BYTES: Bytes = 4096;

/** Null when something else stands there; throws FormatFault when the signature is right and the rest cannot be. */
export type DecodeFilesystem = (source: Source) => Promise<Filesystem | null>;

export function damagedFilesystem(type: string, what: string): FormatFault {
  return new FormatFault(`damaged ${type}: ${what}`, 'check it with its fsck, or copy the image again');
}

/** Seconds since 1970 -> `2026-11-01T00:00:00Z`; null for 0, which stands for unknown, and for what is no time. */
export function isoTime(seconds: number): string | null {
  if (seconds <= 0 || seconds > 253_402_300_799) return null;
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
