/** Archives that the kernel unpacks into its first root: cpio, "newc" and "crc". Linux, Documentation/driver-api/early-userspace/buffer-format.rst. */
import path from 'node:path';
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { splitMode, type Inode } from './inode.ts';
import { readFully, type ReadAt } from './read-at.ts';

export interface CpioEntry {
  /** Absolute: where the kernel puts it. Nothing leads out of the root, `..` of the root is the root. */
  path: string;
  type: Inode['type'];
  mode: number;
  uid: number;
  gid: number;
  /** Entries with the same text and more than one link are one file; null for those with one. */
  link: string | null;
  /** Of its content, from the start of the source. Half open. */
  start: Bytes;
  end: Bytes;
}

export const CPIO_MAGIC = /^07070[12]/;
const HEADER: Bytes = 110;
/** PATH_MAX, with its NUL. */
const LONGEST_NAME: Bytes = 4096;
const MOST_ENTRIES = 2 ** 20;
const TRAILER = 'TRAILER!!!';

/**
 * The archive that begins at `start` of a source, and where the next one may begin. Throws FormatFault for what is none,
 * and for one that is cut short.
 */
export async function readCpio(
  read: ReadAt,
  { start, end }: { start: Bytes; end: Bytes },
): Promise<{ entries: CpioEntry[]; end: Bytes }> {
  const entries: CpioEntry[] = [];
  for (let at = start; entries.length < MOST_ENTRIES;) {
    const text = latin1(await readFully(read, 'a header of the cpio', { offset: at, length: HEADER }));
    if (!/^07070[12][0-9A-Fa-f]{104}$/.test(text)) throw damaged(`no header at ${at}`);
    const [inode, mode, uid, gid, links, , bytes, major, minor, , , nameLength] = fieldsOf(text);
    if (nameLength < 1 || nameLength > LONGEST_NAME) throw damaged(`a name of ${nameLength} bytes at ${at}`);
    const raw = await readFully(read, 'a name of the cpio', { offset: at + HEADER, length: nameLength });
    const name = Buffer.from(raw).toString('utf8').split('\0')[0] ?? '';
    // Padded from the start of the archive, as the kernel counts.
    const from = start + align(at + HEADER + nameLength - start);
    const to = from + bytes;
    if (to > end) throw damaged(`${bytes} bytes of ${name} at ${from}, behind the end at ${end}`);
    at = start + align(to - start);
    if (name === TRAILER) return { entries, end: Math.min(at, end) };
    const link = links > 1 ? `${major}:${minor}:${inode}` : null;
    entries.push({ path: path.posix.resolve('/', name), ...splitMode(mode), uid, gid, link, start: from, end: to });
  }
  throw damaged(`more than ${MOST_ENTRIES} files`);
}

type Fields = [number, number, number, number, number, number, number, number, number, number, number, number];

function fieldsOf(header: string): Fields {
  return Array.from({ length: 12 }, (_, index) =>
    Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16),
  ) as Fields;
}

function align(bytes: Bytes): Bytes {
  return Math.ceil(bytes / 4) * 4;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged cpio: ${what}`, 'build the image again, or copy it again and compare its checksum');
}
