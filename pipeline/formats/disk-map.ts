/** A disk as a list of what stands where; everything between the extents reads as zeros. */
import type { Bytes } from './bytes.ts';

/** Bytes [start, start + length) of the disk; `length` > 0. Extents are sorted by start and never overlap. */
export type Extent = { start: Bytes; length: Bytes; file: string; offset: Bytes } | { start: Bytes; bytes: Uint8Array };

export interface DiskMap {
  /** Virtual size, a multiple of the sector size. */
  size: Bytes;
  logicalSectorSize: Bytes;
  physicalSectorSize: Bytes;
  extents: Extent[];
}
