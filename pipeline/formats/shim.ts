/** What shim brings for itself, in its file: SbatLevel.txt, include/sbat.h and cert.S of the shim project, 16.1. */
import { FormatFault } from './fault.ts';
import { decodePe } from './pe.ts';
import { type ReadAt, readFully, viewOf } from './read-at.ts';
import type { Bytes } from './bytes.ts';

const MOST_LEVEL: Bytes = 2 ** 16;
/** Version, then where the automatic level and the latest one begin, counted from behind the version. */
const VERSION_BYTES: Bytes = 4;

/**
 * The revocations that shim sets as the variable SbatLevel when firmware has none, or older ones. Text, no NUL.
 * Throws FormatFault for a program without them.
 */
export async function shimSbatLevel(read: ReadAt, size: Bytes): Promise<string> {
  const { sections } = await decodePe(read, size);
  const section = sections.find(({ name }) => name === '.sbatlevel');
  if (section === undefined || section.size < 3 * VERSION_BYTES || section.size > MOST_LEVEL)
    throw unfit('no section .sbatlevel that could be read');
  const bytes = await readFully(read, 'section .sbatlevel', { offset: section.offset, length: section.size });
  const version = viewOf(bytes).getUint32(0, true);
  if (version !== 0) throw unfit(`a section .sbatlevel of version ${version}`);
  const start = VERSION_BYTES + viewOf(bytes).getUint32(VERSION_BYTES, true);
  const end = bytes.indexOf(0, start);
  if (start >= bytes.length || end === -1) throw unfit('a damaged section .sbatlevel');
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

/** `struct cert_table` of shim's cert.S: sizes of what is allowed and what is refused, then where they begin in the section. */
const TABLE_BYTES: Bytes = 16;

/**
 * A copy of shim that trusts nobody by itself: the certificate of its maker is taken out of `.vendor_cert`, as in a
 * build without VENDOR_CERT_FILE. What its maker refuses stays refused. Throws FormatFault for a program without such
 * a section, and for a signed one, whose signature would not fit any more.
 */
export async function withoutVendor(shim: Uint8Array): Promise<Uint8Array> {
  const { sections, signatures } = await decodePe(async (at, length) => shim.subarray(at, at + length), shim.length);
  const section = sections.find(({ name }) => name === '.vendor_cert');
  if (section === undefined || section.size < TABLE_BYTES) throw unfit('no section .vendor_cert that could be read');
  if (signatures.count > 0) throw unfit('one that is signed');
  const copy = new Uint8Array(shim);
  const table = copy.subarray(section.offset, section.offset + section.size);
  const [size, start] = [viewOf(table).getUint32(0, true), viewOf(table).getUint32(8, true)];
  if (size > 0 && (start < TABLE_BYTES || start + size > table.length)) throw unfit('a damaged section .vendor_cert');
  table.fill(0, start, start + size);
  viewOf(table).setUint32(0, 0, true);
  return copy;
}

function unfit(what: string): FormatFault {
  return new FormatFault(`not a shim that is known here: ${what}`, 'shim 15.8 to 16.1 are');
}
