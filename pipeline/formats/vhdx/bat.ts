/** Block allocation table of a VHDX: [MS-VHDX] sections 2.4 and 2.5. */
import type { Bytes } from '../bytes.ts';
import { viewOf } from '../read-at.ts';
import { BAT_START, checkShape, damaged, MIB, type VhdxShape } from './shape.ts';

export const BAT_ENTRY_BYTES = 8;

/** Section 2.5.1.1; 4 and 5 are reserved. */
const STATE = { notPresent: 0, undefined: 1, zero: 2, unmapped: 3, fullyPresent: 6, partiallyPresent: 7 } as const;

/** The blocks of a virtual disk and the table that lists them. */
export interface BlockGeometry {
  blockSize: Bytes;
  blockCount: number;
  /** Payload entries between two sector bitmap entries. */
  chunkRatio: number;
  /** With the sector bitmap entries. */
  entryCount: number;
}

/** The table of a file that is being written. */
export interface Bat {
  geometry: BlockGeometry;
  /** The entries; the rest of the region is zeros. */
  bytes: Uint8Array;
  /** Of the region, a multiple of 1 MiB. */
  length: Bytes;
  /** Where the first payload block belongs. */
  payloadStart: Bytes;
}

/** Section 2.4: a chunk is 2^23 sectors. Section 2.5: no bitmap entry follows the last payload entries. */
export function blockGeometry({ size, blockSize, logicalSectorSize }: VhdxShape): BlockGeometry {
  const blockCount = Math.ceil(size / blockSize);
  const chunkRatio = (2 ** 23 * logicalSectorSize) / blockSize;
  return { blockSize, blockCount, chunkRatio, entryCount: blockCount + Math.floor((blockCount - 1) / chunkRatio) };
}

/** Index of a block's entry: one sector bitmap entry stands after each full chunk of payload entries. */
export function entryIndex({ chunkRatio }: BlockGeometry, block: number): number {
  return block + Math.floor(block / chunkRatio);
}

/** The block of the entry with this index; null for a sector bitmap entry. */
export function blockOfEntry({ chunkRatio }: BlockGeometry, index: number): number | null {
  const chunk = Math.floor(index / (chunkRatio + 1));
  return index % (chunkRatio + 1) === chunkRatio ? null : index - chunk;
}

/**
 * The table of a new file: every block reads as zeros; of a fixed disk, every block is present, in order.
 * ZERO because the contents of NOT_PRESENT are undefined; with offset 0, or Hyper-V refuses the file (says
 * qemu's block/vhdx.c). Sector bitmap entries stay zero (section 2.5.1.2). Throws FormatFault.
 */
export function createBat(shape: VhdxShape): Bat {
  checkShape(shape);
  const geometry = blockGeometry(shape);
  const bytes = new Uint8Array(geometry.entryCount * BAT_ENTRY_BYTES);
  const length = Math.ceil(bytes.length / MIB) * MIB;
  const bat = { geometry, bytes, length, payloadStart: BAT_START + length };
  for (let block = 0; block < geometry.blockCount; block += 1) {
    if (shape.fixed) placeBlock(bat, { block, offset: bat.payloadStart + block * shape.blockSize });
    else bytes[entryIndex(geometry, block) * BAT_ENTRY_BYTES] = STATE.zero;
  }
  return bat;
}

/** Notes that a block stands at `offset` of the file, a multiple of 1 MiB. */
export function placeBlock({ geometry, bytes }: Bat, { block, offset }: { block: number; offset: Bytes }): void {
  // Bits 20-63 are the offset in MiB, so offset in bytes and state simply add up. Two halves and no shifts: those
  // work on 32 bits, and FreeBSD's mkimg lost everything above 4 GiB that way.
  const at = entryIndex(geometry, block) * BAT_ENTRY_BYTES;
  const view = viewOf(bytes);
  view.setUint32(at, (offset % 2 ** 32) + STATE.fullyPresent, true);
  view.setUint32(at + 4, Math.floor(offset / 2 ** 32), true);
}

/** Where the entry at byte `at` says its block is; null when the block reads as zeros. Throws FormatFault. */
export function decodeEntry(entries: DataView, { at, block }: { at: number; block: number }): Bytes | null {
  const low = entries.getUint32(at, true);
  const state = low & 7;
  switch (state) {
    case STATE.notPresent:
    case STATE.undefined:
    case STATE.zero:
    case STATE.unmapped:
      return null;
    case STATE.fullyPresent:
      if ((low & (MIB - 1)) !== state) throw damaged(`block ${block}: reserved bits are set`);
      return entries.getUint32(at + 4, true) * 2 ** 32 + (low - state);
    case STATE.partiallyPresent:
      throw damaged(`block ${block} is PARTIALLY_PRESENT, but the disk has no parent`);
    default:
      throw damaged(`block ${block} has the reserved state ${state}`);
  }
}
