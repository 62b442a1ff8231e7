/** What stands where on the disk of a copy, and how it is damaged: bytes to write over it, at offsets of the disk. */
import type { Bytes } from '../formats/bytes.ts';
import type { Extent } from '../formats/fat-files.ts';
import type { ReadAt } from '../formats/read-at.ts';
import type { Part } from '../formats/vhdx/shape.ts';
import { ClaimFault } from './fault.ts';

type SlotName = 'A' | 'B' | null;

/** All offsets are those of the disk. */
export interface DiskParts {
  read: ReadAt;
  partitions: readonly { name: string; number: number; slot: SlotName; uuid: string; start: Bytes; end: Bytes }[];
  /** Files of the boot partitions; paths in upper case. */
  files: readonly { path: string; partition: string; slot: SlotName; extents: readonly Extent[] }[];
  /** File systems with the hash tree and the correction behind them. */
  roots: readonly { partition: string; slot: SlotName; data: Extent; tree: Extent; fec: Extent }[];
}

export const UKI = '/EFI/CAISSON/SLOT.EFI';
export const SHIM = '/EFI/BOOT/BOOTX64.EFI';
export const SELECTOR = '/EFI/BOOT/GRUBX64.EFI';
export const STATE = '/EFI/CAISSON/GRUBENV';
const BLOCK: Bytes = 4096;

/** Throws ClaimFault where the slot has no such file. */
export function fileOf({ files }: DiskParts, path: string, slot: 'A' | 'B'): DiskParts['files'][number] {
  const found = files.find(each => each.path === path && each.slot === slot);
  if (found === undefined) throw new ClaimFault(`slot ${slot} has no ${path}`);
  return found;
}

export function rootOf({ roots }: DiskParts, slot: 'A' | 'B'): DiskParts['roots'][number] {
  const found = roots.find(each => each.slot === slot);
  if (found === undefined) throw new ClaimFault(`slot ${slot} has no root with a hash tree`);
  return found;
}

/** One bit the other way round. */
export async function turnedBit({ read }: Pick<DiskParts, 'read'>, offset: Bytes, bit: number): Promise<Part> {
  const [byte = 0] = await read(offset, 1);
  return { start: offset, bytes: Uint8Array.of(byte ^ (1 << bit)) };
}

/** The same all over, which is nothing that stood there: half of an extent at the most is lost by a short one. */
export function overwritten({ start, end }: Extent): Part {
  return { start, bytes: new Uint8Array(end - start).fill(0xa5) };
}

/**
 * A block of the root that no code corrects: it is overwritten, and so is all of the correction, which then holds two
 * wrong bytes for each of its bytes.
 */
export function beyondCorrection(root: DiskParts['roots'][number], block: number): Part[] {
  const start = root.data.start + block * BLOCK;
  return [overwritten({ start, end: start + BLOCK }), overwritten(root.fec)];
}

/** A block over the begin of a file, wherever its bytes stand. Throws ClaimFault for a file that is shorter. */
export function writtenOver({ path, extents }: DiskParts['files'][number], block: Uint8Array): Part[] {
  let done = 0;
  const parts = extents.map(({ start, end }) => ({ start, bytes: block.subarray(done, (done += end - start)) }));
  if (done < block.length) throw new ClaimFault(`${path} has ${done} bytes, not ${block.length}`);
  return parts.filter(({ bytes }) => bytes.length > 0);
}

/** A byte in the middle of a file. Throws ClaimFault for an empty one. */
export function middleOf({ path, extents }: DiskParts['files'][number]): Bytes {
  const [longest] = extents.toSorted((a, b) => b.end - b.start - (a.end - a.start));
  if (longest === undefined) throw new ClaimFault(`${path} is empty`);
  return Math.floor((longest.start + longest.end) / 2);
}
