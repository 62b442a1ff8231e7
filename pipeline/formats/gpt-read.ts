/** GUID partition tables from a disk, with everything that is wrong with them: UEFI 2.10, chapter 5. */
import { crc32 } from 'node:zlib';
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { describeOverlap, GPT_ENTRY_BYTES, GPT_HEADER_BYTES, GPT_SIGNATURE, type GptPartition } from './gpt.ts';
import { decodeGuid, NIL_GUID } from './guid.ts';
import { readFully, type ReadAt, readU64, viewOf } from './read-at.ts';

export interface DecodedGpt {
  diskGuid: string;
  sectorSize: Bytes;
  /** In the order of their numbers. */
  partitions: GptPartition[];
  /** What is wrong, in words; empty for a sound table. */
  faults: string[];
}

/** One of the two copies: its header and entries, both with a matching CRC. Sector numbers. */
interface Copy {
  own: number;
  other: number;
  firstUsable: number;
  lastUsable: number;
  diskGuid: string;
  entryBytes: number;
  entries: Uint8Array;
}

/** More than this for one entry array is damage, not a table. */
const MOST_ENTRIES_BYTES = 2 ** 20;

/**
 * Reads and compares both copies of the table of a disk of `size` bytes. The answer comes from the primary copy, or
 * from the backup when that is all there is. Throws FormatFault when neither can be read.
 */
export async function decodeGpt(read: ReadAt, size: Bytes, sectorSize: Bytes): Promise<DecodedGpt> {
  const last = Math.floor(size / sectorSize) - 1;
  const faults = checkProtectiveMbr(await readFully(read, 'the protective MBR', { offset: 0, length: 512 }));
  const primary = await decodeCopy(read, { name: 'primary', own: 1, last, sectorSize, faults });
  const backup = await decodeCopy(read, { name: 'backup', own: last, last, sectorSize, faults });
  if (primary !== null && primary.other !== last) {
    const short = primary.other > last ? ': the disk is cut short' : '';
    faults.push(
      `primary header: the backup is said to be in sector ${primary.other}, the disk's last is ${last}${short}`,
    );
  }
  if (backup !== null && backup.other !== 1)
    faults.push(`backup header: the primary is said to be in sector ${backup.other}`);
  if (primary !== null && backup !== null) faults.push(...compareCopies(primary, backup));

  const table = primary ?? backup;
  if (table === null) {
    throw new FormatFault(
      `no partition table: ${faults.join('; ')}`,
      'is this a disk image, and is its sector size right?',
    );
  }
  const partitions = decodeEntries(table, sectorSize);
  faults.push(...checkPartitions(partitions, { ...table, sectorSize, size }));
  return { diskGuid: table.diskGuid, sectorSize, partitions, faults };
}

function checkProtectiveMbr(mbr: Uint8Array): string[] {
  const protective =
    mbr[510] === 0x55 && mbr[511] === 0xaa && mbr[450] === 0xee && viewOf(mbr).getUint32(454, true) === 1;
  return protective ? [] : ['protective MBR: no record of type 0xEE that starts at sector 1'];
}

async function decodeCopy(
  read: ReadAt,
  {
    name,
    own,
    last,
    sectorSize,
    faults,
  }: { name: string; own: number; last: number; sectorSize: Bytes; faults: string[] },
): Promise<Copy | null> {
  const header = await readFully(read, `the ${name} GPT header`, { offset: own * sectorSize, length: sectorSize });
  const fault = checkHeader(header, { own, last });
  if (fault !== null) {
    faults.push(`${name} header: ${fault}`);
    return null;
  }
  const view = viewOf(header);
  const entryBytes = view.getUint32(84, true);
  const length = view.getUint32(80, true) * entryBytes;
  const entries = await readFully(read, `the ${name} GPT entries`, {
    offset: readU64(header, 72) * sectorSize,
    length,
  });
  if (crc32(entries) !== view.getUint32(88, true)) {
    faults.push(`${name} entries: ${describeCrc(crc32(entries), view.getUint32(88, true))}`);
    return null;
  }
  return {
    own,
    other: readU64(header, 32),
    firstUsable: readU64(header, 40),
    lastUsable: readU64(header, 48),
    diskGuid: decodeGuid(header, 56),
    entryBytes,
    entries,
  };
}

/** What section 5.3.2 asks of a header by itself; null when it is sound. */
function checkHeader(header: Uint8Array, { own, last }: { own: number; last: number }): string | null {
  const view = viewOf(header);
  const signature = Buffer.from(header.subarray(0, 8)).toString('latin1');
  if (signature !== GPT_SIGNATURE) return `no signature "${GPT_SIGNATURE}"`;
  const headerBytes = view.getUint32(12, true);
  if (headerBytes < GPT_HEADER_BYTES || headerBytes > header.length) return `header size ${headerBytes}`;
  const bare = new Uint8Array(header.subarray(0, headerBytes)); // not slice(): a Buffer's is no copy
  bare.fill(0, 16, 20);
  if (crc32(bare) !== view.getUint32(16, true)) return describeCrc(crc32(bare), view.getUint32(16, true));
  if (readU64(header, 24) !== own) return `says it is in sector ${readU64(header, 24)}, it is in ${own}`;
  const entryBytes = view.getUint32(84, true);
  const length = view.getUint32(80, true) * entryBytes;
  if (entryBytes < GPT_ENTRY_BYTES || entryBytes % 8 !== 0 || length > MOST_ENTRIES_BYTES) {
    return `${view.getUint32(80, true)} entries of ${entryBytes} bytes`;
  }
  return checkPlaces(header, { length, last });
}

function checkPlaces(header: Uint8Array, { length, last }: { length: Bytes; last: number }): string | null {
  const [firstUsable, lastUsable, entriesAt] = [readU64(header, 40), readU64(header, 48), readU64(header, 72)];
  const entriesEnd = entriesAt + Math.ceil(length / header.length);
  // Of a disk that was cut short the primary copy is still right, and tells where the end was.
  const end = Math.max(last, readU64(header, 32)) + 1;
  if (entriesAt < 2 || entriesEnd > last + 1) return `entries in sectors [${entriesAt}, ${entriesEnd}) of ${last + 1}`;
  if (entriesEnd > firstUsable && entriesAt <= lastUsable) {
    return `entries [${entriesAt}, ${entriesEnd}) overlap the usable sectors [${firstUsable}, ${lastUsable + 1})`;
  }
  if (firstUsable < 2 || firstUsable > lastUsable || lastUsable >= end - 1) {
    return `usable sectors [${firstUsable}, ${lastUsable + 1}) of ${end}`;
  }
  return null;
}

function describeCrc(found: number, stored: number): string {
  return `CRC-32 is ${found.toString(16)}, the header says ${stored.toString(16)}`;
}

function compareCopies(primary: Copy, backup: Copy): string[] {
  const differing = [
    primary.diskGuid === backup.diskGuid ? null : 'disk GUID',
    primary.firstUsable === backup.firstUsable && primary.lastUsable === backup.lastUsable ? null : 'usable sectors',
    Buffer.compare(primary.entries, backup.entries) === 0 ? null : 'entries',
  ];
  return differing.filter(what => what !== null).map(what => `the two copies differ: ${what}`);
}

function decodeEntries({ entries, entryBytes }: Copy, sectorSize: Bytes): GptPartition[] {
  const places = Array.from({ length: Math.floor(entries.length / entryBytes) }, (_, i) => i * entryBytes);
  return places
    .filter(at => decodeGuid(entries, at) !== NIL_GUID)
    .map(at => ({
      number: at / entryBytes + 1,
      name:
        Buffer.from(entries.subarray(at + 56, at + 128))
          .toString('utf16le')
          .split('\0')[0] ?? '',
      type: decodeGuid(entries, at),
      uuid: decodeGuid(entries, at + 16),
      start: readU64(entries, at + 32) * sectorSize,
      end: (readU64(entries, at + 40) + 1) * sectorSize,
      attributes: decodeAttributes(viewOf(entries).getBigUint64(at + 48, true)),
    }));
}

function decodeAttributes(bits: bigint): number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter(bit => ((bits >> BigInt(bit)) & 1n) === 1n);
}

function checkPartitions(
  partitions: readonly GptPartition[],
  { firstUsable, lastUsable, sectorSize, size }: Copy & { sectorSize: Bytes; size: Bytes },
): string[] {
  const [usableStart, usableEnd] = [firstUsable * sectorSize, Math.min((lastUsable + 1) * sectorSize, size)];
  const outside = partitions
    .filter(({ start, end }) => !(usableStart <= start && start < end && end <= usableEnd))
    .map(
      ({ number, start, end }) => `partition ${number} [${start}, ${end}) is not inside [${usableStart}, ${usableEnd})`,
    );
  const byStart = partitions.toSorted((a, b) => a.start - b.start);
  const overlaps = byStart.flatMap((partition, i) => {
    const next = byStart[i + 1];
    return next !== undefined && next.start < partition.end ? [describeOverlap(partition, next)] : [];
  });
  const uuids = new Set(partitions.map(({ uuid }) => uuid));
  const twins = uuids.size === partitions.length ? [] : ['two partitions have one GUID'];
  return [...outside, ...overlaps, ...twins];
}
