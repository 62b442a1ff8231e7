/**
 * A log of all that was written to a disk, in the order in which it was done: dm-log-writes of the kernel
 * (admin-guide/device-mapper/log-writes.rst), which QEMU's blklogwrites driver writes too.
 */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { type ReadAt, readFully, readU64, viewOf } from './read-at.ts';

const MAGIC = 0x6a736677736872n;
const SUPERBLOCK_BYTES: Bytes = 28;
const ENTRY_BYTES: Bytes = 32;
const MOST_SECTOR: Bytes = 2 ** 24;
const FLAGS = { flush: 1, fua: 2, discard: 4, mark: 8, metadata: 16 } as const;
const ALL_FLAGS = 31;

/** What the disk did. [start, end) is empty for a mark and for a mere flush. */
export interface LogEntry {
  kind: 'write' | 'discard' | 'mark';
  /** Of the disk. */
  start: Bytes;
  /** Half open. */
  end: Bytes;
  /**
   * All that was done before it is safe; what it writes itself only with `fua`. A log has the order in which things were
   * done, not asked for: a write that was done while a flush went on stands before it, though no disk promises it.
   */
  flush: boolean;
  fua: boolean;
  /** Where its bytes, or the text of a mark, stand in the log; 0 for a discard. */
  at: Bytes;
  /** Of a mark; empty for others. */
  text: string;
}

export interface WriteLog {
  sectorSize: Bytes;
  entries: LogEntry[];
}

/**
 * Reads the heads of the entries that the superblock counts: QEMU counts anew at each flush, so after a flush these are
 * all. An empty source is a log of nothing. Throws FormatFault for one that is damaged or cut short.
 */
export async function readWriteLog(read: ReadAt, size: Bytes): Promise<WriteLog> {
  if (size === 0) return { sectorSize: 512, entries: [] };
  const { sectorSize, count } = await readSuperblock(read);
  const entries: LogEntry[] = [];
  for (let at = sectorSize; entries.length < count;) {
    const head = await readFully(read, `entry ${entries.length} of the log`, { offset: at, length: ENTRY_BYTES });
    const entry = decodeEntry(head, { number: entries.length, at, sectorSize });
    const after = entry.at === 0 || entry.kind === 'mark' ? at + sectorSize : entry.at + entry.end - entry.start;
    if (after > size) throw damaged(`entry ${entries.length} ends at ${after}, the file at ${size}`);
    entries.push(entry.kind === 'mark' ? { ...entry, text: await markText(read, head, entry) } : entry);
    at = after;
  }
  return { sectorSize, entries };
}

/** How many entries a log has, by its superblock. */
export async function countEntries(read: ReadAt, size: Bytes): Promise<number> {
  return size === 0 ? 0 : (await readSuperblock(read)).count;
}

async function readSuperblock(read: ReadAt): Promise<{ sectorSize: Bytes; count: number }> {
  const bytes = await readFully(read, 'the superblock of the log', { offset: 0, length: SUPERBLOCK_BYTES });
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== MAGIC) throw damaged('no signature of one');
  const [version, count, sectorSize] = [readU64(bytes, 8), readU64(bytes, 16), view.getUint32(24, true)];
  if (version !== 1) throw damaged(`version ${version}; 1 is known`);
  if (sectorSize < 512 || sectorSize >= MOST_SECTOR || !Number.isInteger(Math.log2(sectorSize)))
    throw damaged(`sectors of ${sectorSize} bytes`);
  if (!Number.isSafeInteger(count * sectorSize)) throw damaged(`${count} entries`);
  return { sectorSize, count };
}

function decodeEntry(
  head: Uint8Array,
  { number, at, sectorSize }: { number: number; at: Bytes; sectorSize: Bytes },
): LogEntry {
  const [sector, sectors, flags] = [readU64(head, 0), readU64(head, 8), readU64(head, 16)];
  if (flags > ALL_FLAGS) throw damaged(`entry ${number} has flags 0x${flags.toString(16)}`);
  const [start, end] = [sector * sectorSize, (sector + sectors) * sectorSize];
  if (!Number.isSafeInteger(end)) throw damaged(`entry ${number} writes ${sectors} sectors at sector ${sector}`);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const kind = has(FLAGS.mark) ? 'mark' : has(FLAGS.discard) ? 'discard' : 'write';
  if (kind === 'mark' && sectors !== 0) throw damaged(`entry ${number} is a mark that writes ${sectors} sectors`);
  const data = kind === 'mark' ? at + ENTRY_BYTES : kind === 'discard' ? 0 : at + sectorSize;
  return { kind, start, end, flush: has(FLAGS.flush), fua: has(FLAGS.fua), at: data, text: '' };
}

/** It stands in the sector of its entry, behind the head. */
async function markText(read: ReadAt, head: Uint8Array, { at }: LogEntry): Promise<string> {
  const length = readU64(head, 24);
  if (length > MOST_SECTOR) throw damaged(`a mark of ${length} bytes`);
  return (
    Buffer.from(await readFully(read, 'a mark', { offset: at, length }))
      .toString('utf8')
      .split('\0')[0] ?? ''
  );
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged log of writes: ${what}`, 'record it again');
}
