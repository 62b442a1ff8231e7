/**
 * VHDX containers: [MS-VHDX] v20180912, whose sections the comments of this folder cite. Everything is little endian.
 * A file of ours: head (1 MiB), log (1 MiB, never written), metadata (1 MiB), BAT, payload blocks in LBA order.
 */
import type { Bytes } from '../bytes.ts';
import { FormatFault } from '../fault.ts';

export const KIB = 2 ** 10;
export const MIB = 2 ** 20;

export const LOG_PLACE = { start: MIB, length: MIB } as const;
export const METADATA_PLACE = { start: 2 * MIB, length: MIB } as const;
export const BAT_START = 3 * MIB;

export interface VhdxShape {
  /** Of the virtual disk: a multiple of its logical sector, at most 64 TiB. */
  size: Bytes;
  /** A power of two from 1 MiB to 256 MiB. */
  blockSize: Bytes;
  /** 512 or 4096. */
  logicalSectorSize: Bytes;
  /** 512 or 4096. */
  physicalSectorSize: Bytes;
  /** Every block has its place in the file from the start. */
  fixed: boolean;
}

export interface VhdxIdentity {
  /** GUID that every program which writes to the file replaces. */
  fileWriteGuid: string;
  /** GUID that changes with the data of the virtual disk. */
  dataWriteGuid: string;
  /** GUID of the virtual disk (SCSI page 0x83). */
  diskId: string;
  /** Free text, at most 256 UTF-16 units. */
  creator: string;
}

/** Bytes and where they stand in the file. */
export interface Part {
  start: Bytes;
  bytes: Uint8Array;
}

/** Throws FormatFault unless a VHDX can have this shape (sections 2.6.2.1, .2, .4, .5). */
export function checkShape({ size, blockSize, logicalSectorSize, physicalSectorSize }: VhdxShape): void {
  const sectorSizes = [512, 4096];
  if (!sectorSizes.includes(logicalSectorSize) || !sectorSizes.includes(physicalSectorSize)) {
    throw new FormatFault(
      `VHDX with sectors of ${logicalSectorSize} and ${physicalSectorSize} bytes`,
      'use 512 or 4096',
    );
  }
  if (blockSize < MIB || blockSize > 256 * MIB || !Number.isInteger(Math.log2(blockSize))) {
    throw new FormatFault(`VHDX with blocks of ${blockSize} bytes`, 'use a power of two from 1 MiB to 256 MiB');
  }
  if (size <= 0 || size % logicalSectorSize !== 0 || size > 2 ** 46) {
    throw new FormatFault(`VHDX of ${size} bytes`, `use a multiple of ${logicalSectorSize} up to 64 TiB`);
  }
}

export function damaged(what: string): FormatFault {
  return new FormatFault(
    `damaged VHDX: ${what}`,
    'copy the file again, and compare its checksum with the one published',
  );
}
