/** VHDX containers of any program: checked, then readable block by block in bounded memory. */
import type { Bytes } from '../bytes.ts';
import { type ReadAt, readFully, viewOf } from '../read-at.ts';
import { BAT_ENTRY_BYTES, type BlockGeometry, blockGeometry, blockOfEntry, decodeEntry, entryIndex } from './bat.ts';
import { readCreator, readCurrentHeader, type VhdxHeader } from './head.ts';
import { readMetadata } from './metadata.ts';
import { readRegions, type Region } from './regions.ts';
import { damaged, MIB, type VhdxShape } from './shape.ts';

export interface Vhdx extends VhdxShape {
  creator: string;
  diskId: string;
  /** The current one. */
  header: VhdxHeader;
  regions: Region[];
  blockCount: number;
  /** Blocks that have a place in the file. */
  presentBlocks: number;
  /** A broken copy of something whose other copy is sound, in words. Nothing else gets past decodeVhdx. */
  faults: string[];
  /** Where a block stands in the file; null when it reads as zeros. */
  blockOffset: (block: number) => Promise<Bytes | null>;
}

/** BAT entries read at a time. */
const PAGE_ENTRIES = 2 ** 14;

/**
 * Checks the structure of a file of `fileSize` bytes, each BAT entry included. Throws FormatFault for damage, for
 * truncation, for a log that is still to be replayed, and for a disk with a parent.
 */
export async function decodeVhdx(read: ReadAt, fileSize: Bytes): Promise<Vhdx> {
  const faults: string[] = [];
  const creator = await readCreator(read);
  const header = await readCurrentHeader(read, faults);
  const regions = await readRegions(read, faults);
  const taken = takeRegions(
    [{ name: 'log', start: header.logStart, length: header.logLength }, ...regions.all],
    fileSize,
  );
  const metadata = await readMetadata(read, regions.metadata);
  const geometry = blockGeometry(metadata);
  const readPage = batPages(read, { ...geometry, bat: regions.bat });
  const presentBlocks = await takeBlocks(taken, geometry, { fileSize, readPage });
  return {
    ...metadata,
    creator,
    header,
    regions: regions.all,
    blockCount: geometry.blockCount,
    presentBlocks,
    faults,
    blockOffset: async block => {
      const index = entryIndex(geometry, block);
      const page = await readPage(Math.floor(index / PAGE_ENTRIES));
      return decodeEntry(page, { at: (index % PAGE_ENTRIES) * BAT_ENTRY_BYTES, block });
    },
  };
}

/** Pages of the BAT by number; the last one stays in memory. */
function batPages(
  read: ReadAt,
  { entryCount, bat }: BlockGeometry & { bat: Region },
): (page: number) => Promise<DataView> {
  const length = entryCount * BAT_ENTRY_BYTES;
  if (length > bat.length) throw damaged(`${entryCount} BAT entries don't fit its region of ${bat.length} bytes`);
  const pageBytes = PAGE_ENTRIES * BAT_ENTRY_BYTES;
  let last: { page: number; view: Promise<DataView> } | null = null;
  return page => {
    if (last?.page !== page) {
      const start = page * pageBytes;
      const place = { offset: bat.start + start, length: Math.min(pageBytes, length - start) };
      const bytes = readFully(read, 'the VHDX BAT', place);
      last = { page, view: bytes.then(whole => viewOf(whole)) };
    }
    return last.view;
  };
}

/** One byte for each MiB of the file, 1 where something stands; the head has the first. Sections 2.2, 2.2.3.2. */
function takeRegions(regions: readonly Region[], fileSize: Bytes): Uint8Array {
  const taken = new Uint8Array(Math.ceil(fileSize / MIB));
  taken[0] = 1;
  for (const { name, start, length } of regions) take(taken, { what: `region ${name}`, start, length, fileSize });
  return taken;
}

async function takeBlocks(
  taken: Uint8Array,
  geometry: BlockGeometry,
  { fileSize, readPage }: { fileSize: Bytes; readPage: (page: number) => Promise<DataView> },
): Promise<number> {
  let present = 0;
  for (let first = 0; first < geometry.entryCount; first += PAGE_ENTRIES) {
    const page = await readPage(first / PAGE_ENTRIES);
    for (let at = 0; at < page.byteLength; at += BAT_ENTRY_BYTES) {
      // Sector bitmap entries mean nothing without a parent, and qemu before 8.1 leaves rubbish in them (issue 727).
      const block = blockOfEntry(geometry, first + at / BAT_ENTRY_BYTES);
      const start = block === null ? null : decodeEntry(page, { at, block });
      if (start === null) continue;
      take(taken, { what: `block ${block}`, start, length: geometry.blockSize, fileSize });
      present += 1;
    }
  }
  return present;
}

function take(
  taken: Uint8Array,
  { what, start, length, fileSize }: { what: string; start: Bytes; length: Bytes; fileSize: Bytes },
): void {
  const end = start + length;
  if (end > fileSize) throw damaged(`truncated: ${what} is at [${start}, ${end}), the file ends at ${fileSize}`);
  const units = taken.subarray(start / MIB, end / MIB);
  if (units.includes(1)) throw damaged(`${what} at [${start}, ${end}) overlaps something else`);
  units.fill(1);
}
