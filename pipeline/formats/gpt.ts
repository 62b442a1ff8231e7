/** GUID partition tables as bytes: UEFI 2.10, chapter 5. Reading is in gpt-read.ts. */
import { crc32 } from 'node:zlib';
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { encodeGuid } from './guid.ts';
import { viewOf } from './read-at.ts';

export const GPT_SIGNATURE = 'EFI PART';
/** Section 5.3.2: the header's size without the reserved rest of its sector. */
export const GPT_HEADER_BYTES = 92;
export const GPT_ENTRY_BYTES = 128;
const ENTRY_COUNT = 128;
const ENTRIES_BYTES = ENTRY_COUNT * GPT_ENTRY_BYTES;
const NAME_UNITS = 36;
const REVISION = 0x00010000;

export interface GptPartition {
  /** From 1; the place in the entry array is one less. */
  number: number;
  /** <= 36 UTF-16 units. */
  name: string;
  /** Type GUID. */
  type: string;
  /** GUID of this very partition. */
  uuid: string;
  start: Bytes;
  /** Half open. */
  end: Bytes;
  /** Attribute bits that are set, 0-63. */
  attributes: number[];
}

export interface GptTable {
  /** Of the whole disk. */
  size: Bytes;
  /** Logical sector, 512 or 4096. */
  sectorSize: Bytes;
  diskGuid: string;
  partitions: readonly GptPartition[];
}

export interface GptBytes {
  /** Protective MBR, header, entries; belongs at 0. */
  primary: Uint8Array;
  /** Entries, header; ends where the disk ends. */
  backup: Uint8Array;
  /** Where `backup` belongs. */
  backupStart: Bytes;
  /** Partitions may lie in [usableStart, usableEnd). */
  usableStart: Bytes;
  usableEnd: Bytes;
}

/** What the table itself takes at both ends of a disk. */
export function gptReserved(sectorSize: Bytes): { head: Bytes; tail: Bytes } {
  return { head: 2 * sectorSize + ENTRIES_BYTES, tail: ENTRIES_BYTES + sectorSize };
}

/** Both copies of the table, always with 128 entries. Throws FormatFault for what a table cannot say. */
export function encodeGpt(table: GptTable): GptBytes {
  const { size, sectorSize } = table;
  const { head, tail } = gptReserved(sectorSize);
  const usableStart = head;
  const usableEnd = size - tail;
  checkGeometry(table);
  for (const partition of table.partitions) checkPartition(partition, { sectorSize, usableStart, usableEnd });
  checkApart(table.partitions);

  const entries = encodeEntries(table.partitions, sectorSize);
  const last = size / sectorSize - 1;
  const shared = { table, entries, firstUsable: usableStart / sectorSize, lastUsable: usableEnd / sectorSize - 1 };

  const primary = new Uint8Array(head);
  primary.set(encodeProtectiveMbr(last));
  primary.set(encodeHeader({ ...shared, own: 1, other: last, entriesAt: 2 }), sectorSize);
  primary.set(entries, 2 * sectorSize);

  const backup = new Uint8Array(tail);
  backup.set(entries);
  backup.set(encodeHeader({ ...shared, own: last, other: 1, entriesAt: usableEnd / sectorSize }), ENTRIES_BYTES);
  return { primary, backup, backupStart: usableEnd, usableStart, usableEnd };
}

function checkGeometry({ size, sectorSize }: GptTable): void {
  const { head, tail } = gptReserved(sectorSize);
  if (sectorSize !== 512 && sectorSize !== 4096) {
    throw new FormatFault(`sector size ${sectorSize} is neither 512 nor 4096`, 'give one of these two');
  }
  if (!Number.isSafeInteger(size) || size % sectorSize !== 0 || size <= head + tail) {
    throw new FormatFault(
      `disk of ${size} bytes cannot carry a partition table`,
      `give a multiple of ${sectorSize} greater than ${head + tail}`,
    );
  }
}

function checkPartition(
  { number, name, start, end, attributes }: GptPartition,
  { sectorSize, usableStart, usableEnd }: { sectorSize: Bytes; usableStart: Bytes; usableEnd: Bytes },
): void {
  const which = `partition ${number} "${name}"`;
  if (!Number.isInteger(number) || number < 1 || number > ENTRY_COUNT) {
    throw new FormatFault(`${which}: the number is not in 1 to ${ENTRY_COUNT}`, 'number partitions from 1');
  }
  if (name.length > NAME_UNITS) {
    throw new FormatFault(`${which}: the name has ${name.length} UTF-16 units`, `use at most ${NAME_UNITS}`);
  }
  if (start % sectorSize !== 0 || end % sectorSize !== 0) {
    throw new FormatFault(`${which}: [${start}, ${end}) cuts a sector`, `use multiples of ${sectorSize}`);
  }
  if (!(usableStart <= start && start < end && end <= usableEnd)) {
    throw new FormatFault(
      `${which}: [${start}, ${end}) is empty or not inside the usable [${usableStart}, ${usableEnd})`,
      'move it, or make the disk larger',
    );
  }
  if (attributes.some(bit => !Number.isInteger(bit) || bit < 0 || bit > 63)) {
    throw new FormatFault(`${which}: attributes ${attributes.join(', ')}`, 'attribute bits are 0 to 63');
  }
}

function checkApart(partitions: readonly GptPartition[]): void {
  const byStart = partitions.toSorted((a, b) => a.start - b.start);
  byStart.forEach((partition, i) => {
    const next = byStart[i + 1];
    if (next !== undefined && next.start < partition.end)
      throw new FormatFault(describeOverlap(partition, next), 'move one');
  });
  const numbers = new Set(partitions.map(({ number }) => number));
  if (numbers.size !== partitions.length)
    throw new FormatFault('two partitions have one number', 'number each by itself');
}

export function describeOverlap(a: GptPartition, b: GptPartition): string {
  return `partition ${a.number} "${a.name}" [${a.start}, ${a.end}) overlaps ${b.number} "${b.name}" [${b.start}, ${b.end})`;
}

/** Section 5.2.3: one record of type 0xEE over the whole disk, or as much of it as 32 bits can say. */
function encodeProtectiveMbr(lastSector: number): Uint8Array {
  const mbr = new Uint8Array(512);
  mbr.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff], 446);
  const view = viewOf(mbr);
  view.setUint32(454, 1, true);
  view.setUint32(458, Math.min(lastSector, 0xffffffff), true);
  mbr.set([0x55, 0xaa], 510);
  return mbr;
}

/** Section 5.3.3. */
function encodeEntries(partitions: readonly GptPartition[], sectorSize: Bytes): Uint8Array {
  const entries = new Uint8Array(ENTRIES_BYTES);
  const view = viewOf(entries);
  for (const { number, name, type, uuid, start, end, attributes } of partitions) {
    const at = (number - 1) * GPT_ENTRY_BYTES;
    entries.set(encodeGuid(type), at);
    entries.set(encodeGuid(uuid), at + 16);
    view.setBigUint64(at + 32, BigInt(start / sectorSize), true);
    view.setBigUint64(at + 40, BigInt(end / sectorSize - 1), true);
    view.setBigUint64(
      at + 48,
      attributes.reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n),
      true,
    );
    entries.set(Buffer.from(name, 'utf16le'), at + 56);
  }
  return entries;
}

/** Section 5.3.2; sector numbers. */
function encodeHeader(header: {
  table: GptTable;
  entries: Uint8Array;
  own: number;
  other: number;
  entriesAt: number;
  firstUsable: number;
  lastUsable: number;
}): Uint8Array {
  const bytes = new Uint8Array(GPT_HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(GPT_SIGNATURE, 'latin1'));
  view.setUint32(8, REVISION, true);
  view.setUint32(12, GPT_HEADER_BYTES, true);
  view.setBigUint64(24, BigInt(header.own), true);
  view.setBigUint64(32, BigInt(header.other), true);
  view.setBigUint64(40, BigInt(header.firstUsable), true);
  view.setBigUint64(48, BigInt(header.lastUsable), true);
  bytes.set(encodeGuid(header.table.diskGuid), 56);
  view.setBigUint64(72, BigInt(header.entriesAt), true);
  view.setUint32(80, ENTRY_COUNT, true);
  view.setUint32(84, GPT_ENTRY_BYTES, true);
  view.setUint32(88, crc32(header.entries), true);
  view.setUint32(16, crc32(bytes), true);
  return bytes;
}
