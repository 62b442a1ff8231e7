/** The file allocation table itself: which clusters are free, and whether its copies agree. */
import type { Bytes } from '../bytes.ts';
import { type ReadAt, readFully, viewOf } from '../read-at.ts';

export interface FatTable {
  /** Of an entry. */
  bits: 12 | 16 | 32;
  /** Of the copy that counts, from the start of the partition. */
  start: Bytes;
  /** Start of the second copy; null when there is none that must be equal. More than two are not looked at. */
  mirror: Bytes | null;
  clusters: number;
}

/** Whole entries of every width fit: a multiple of 12, 16 and 32 bits. */
const WINDOW: Bytes = 3 * 2 ** 18;
/** Longer tables (FAT32 above 512 GiB in clusters of 32 KiB) are not counted. */
const MOST_BYTES: Bytes = 64 * 2 ** 20;
/** Entry 1, of FAT16 and FAT32: set when unmounted cleanly; when no read or write failed. */
const FLAGS = { 16: { clean: 0x8000, sound: 0x4000 }, 32: { clean: 0x08000000, sound: 0x04000000 } } as const;

/** Free clusters, null for a table that is too long to count; what its flags and its copies say is wrong. */
export async function countFree(read: ReadAt, table: FatTable): Promise<{ free: number | null; faults: string[] }> {
  const { bits, start, mirror, clusters } = table;
  const faults: string[] = [];
  const wanted = Math.ceil(((clusters + 2) * bits) / 8);
  let free = 0;
  for (let position = 0; position < Math.min(wanted, MOST_BYTES); position += WINDOW) {
    const place = { offset: start + position, length: Math.min(WINDOW, wanted - position) };
    const bytes = await readFully(read, 'the FAT', place);
    const window = viewOf(bytes);
    const first = (position * 8) / bits;
    const entries = Math.min(clusters + 2 - first, Math.floor((window.byteLength * 8) / bits));
    for (let index = Math.max(0, 2 - first); index < entries; index += 1)
      if (entryAt(window, index, bits) === 0) free += 1;
    if (position === 0 && bits !== 12) faults.push(...flagFaults(entryAt(window, 1, bits), bits));
    if (mirror === null) continue;
    const other = await readFully(read, 'the second FAT', { ...place, offset: mirror + position });
    if (Buffer.compare(bytes, other) !== 0) faults.push('its two FATs differ');
  }
  return { free: wanted > MOST_BYTES ? null : free, faults };
}

/** Entry `index` of a table, or of a piece of one that begins with a whole entry. */
export function entryAt(window: DataView, index: number, bits: FatTable['bits']): number {
  if (bits === 32) return window.getUint32(index * 4, true) & 0x0fffffff;
  if (bits === 16) return window.getUint16(index * 2, true);
  const at = Math.floor((index * 3) / 2);
  const pair = window.getUint16(at, true);
  return index % 2 === 0 ? pair & 0xfff : pair >> 4;
}

function flagFaults(entry: number, bits: 16 | 32): string[] {
  return [
    ...((entry & FLAGS[bits].clean) === 0 ? ['not unmounted cleanly'] : []),
    ...((entry & FLAGS[bits].sound) === 0 ? ['a read or write of it failed'] : []),
  ];
}
