/** Region tables of a VHDX: [MS-VHDX] section 2.2.3. */
import type { Bytes } from '../bytes.ts';
import { crc32c } from '../crc32c.ts';
import { FormatFault } from '../fault.ts';
import { decodeGuid, encodeGuid } from '../guid.ts';
import { type ReadAt, readFully, readU64, viewOf } from '../read-at.ts';
import { checkSignedTable } from './head.ts';
import { BAT_START, damaged, KIB, METADATA_PLACE, MIB, type Part } from './shape.ts';

const SIGNATURE = 'regi';
const TABLE_PLACES = [192 * KIB, 256 * KIB] as const;
const TABLE_BYTES = 64 * KIB;
const ENTRY_BYTES = 32;
const FIRST_ENTRY = 16;
const MOST_ENTRIES = 2047;

/** Section 2.2.3.2. */
const BAT_REGION = '2dc27766-f623-4200-9d64-115e9bfd4a08';
const METADATA_REGION = '8b7ca206-4790-4b9a-b8fe-575f050f886e';

/** A part of the file; `start` and `length` are multiples of 1 MiB. */
export interface Region {
  name: string;
  start: Bytes;
  length: Bytes;
}

export interface VhdxRegions {
  bat: Region;
  metadata: Region;
  /** All of them, those unknown to us as well. */
  all: Region[];
}

/** Both copies of the table of a file of ours. */
export function encodeRegionTables(batLength: Bytes): Part[] {
  const bytes = new Uint8Array(TABLE_BYTES);
  const view = viewOf(bytes);
  const regions = [
    { id: BAT_REGION, start: BAT_START, length: batLength },
    { id: METADATA_REGION, ...METADATA_PLACE },
  ];
  bytes.set(Buffer.from(SIGNATURE, 'latin1'));
  view.setUint32(8, regions.length, true);
  regions.forEach(({ id, start, length }, i) => {
    const at = FIRST_ENTRY + ENTRY_BYTES * i;
    bytes.set(encodeGuid(id), at);
    view.setBigUint64(at + 16, BigInt(start), true);
    view.setUint32(at + 24, length, true);
    view.setUint32(at + 28, 1, true); // Required
  });
  view.setUint32(4, crc32c(bytes), true);
  return TABLE_PLACES.map(start => ({ start, bytes }));
}

/**
 * The regions, from the first sound copy of the table; a broken copy is added to `faults`. Throws FormatFault when
 * both are broken, when a required region is unknown or a known one missing.
 */
export async function readRegions(read: ReadAt, faults: string[]): Promise<VhdxRegions> {
  const copies = [];
  for (const [i, place] of TABLE_PLACES.entries()) {
    const bytes = await readFully(read, `VHDX region table ${i + 1}`, { offset: place, length: TABLE_BYTES });
    const fault = checkSignedTable(bytes, SIGNATURE);
    if (fault === null) copies.push(bytes);
    else faults.push(`region table ${i + 1}: ${fault}`);
  }
  const [table, other] = copies;
  if (table === undefined) throw damaged(faults.join('; '));
  if (other !== undefined && Buffer.compare(table, other) !== 0) faults.push('the two region tables differ');
  const all = decodeRegions(table);
  return { bat: findRegion(all, 'BAT'), metadata: findRegion(all, 'metadata'), all };
}

function decodeRegions(table: Uint8Array): Region[] {
  const view = viewOf(table);
  const count = view.getUint32(8, true);
  if (count > MOST_ENTRIES) throw damaged(`region table of ${count} entries`);
  return Array.from({ length: count }, (_, i) => {
    const at = FIRST_ENTRY + ENTRY_BYTES * i;
    const [id, start, length] = [decodeGuid(table, at), readU64(table, at + 16), view.getUint32(at + 24, true)];
    const name = { [BAT_REGION]: 'BAT', [METADATA_REGION]: 'metadata' }[id];
    if (name === undefined && (view.getUint32(at + 28, true) & 1) === 1) {
      throw new FormatFault(`VHDX with a required region ${id} that Caisson does not know`, 'convert it with qemu-img');
    }
    if (start < MIB || start % MIB !== 0 || length === 0 || length % MIB !== 0) {
      throw damaged(`region ${name ?? id} at ${start}, ${length} bytes`);
    }
    return { name: name ?? id, start, length };
  });
}

function findRegion(regions: readonly Region[], wanted: string): Region {
  const [found, twin] = regions.filter(({ name }) => name === wanted);
  if (found === undefined || twin !== undefined)
    throw damaged(`${found === undefined ? 'no' : 'more than one'} ${wanted} region`);
  return found;
}
