/** PE/COFF programs, as UEFI runs them: Microsoft's "PE Format", whose field names follow; UEFI 2.10, section 2.1.1. */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { fieldText } from './field-text.ts';
import { type ReadAt, readFully, viewOf } from './read-at.ts';

const DOS_HEADER_BYTES = 64;
const COFF_BYTES = 24;
const SECTION_BYTES = 40;
const SYMBOL_BYTES = 18;
const MOST_NAME: Bytes = 64;
const MOST_SECTIONS = 512;
const MOST_CERTIFICATES: Bytes = 2 ** 20;
/** Optional header: PE32 and PE32+; where the number of data directories stands, and they behind it. */
const DIRECTORIES: Readonly<Record<number, number>> = { 0x10b: 92, 0x20b: 108 };
const CERTIFICATE_TABLE = 4;
const SIZE_OF_HEADERS = 60;
const CHECKSUM = 64;
/** wCertificateType of an Authenticode signature. */
export const PKCS_SIGNED_DATA = 2;
/** Machine types of UEFI 2.10, section 2.1.1. */
const MACHINES: Readonly<Record<number, string>> = {
  0x014c: 'ia32',
  0x8664: 'x86-64',
  0x01c2: 'arm',
  0xaa64: 'arm64',
  0x5032: 'riscv32',
  0x5064: 'riscv64',
  0x6264: 'loongarch64',
};

export interface PeSection {
  name: string;
  /** Of its content in the file. */
  offset: Bytes;
  /** Of its content in the file, without the padding behind it. */
  size: Bytes;
  /** In memory, where zeros follow what the file has; 0 where the header says so. */
  memory: Bytes;
}

export interface Pe {
  /** `x86-64`; a number in hexadecimal for what UEFI does not know. */
  machine: string;
  /** In the order of the section table. */
  sections: PeSection[];
  /** Authenticode signatures in the certificate table, and the table's size. */
  signatures: { count: number; size: Bytes };
  /** Null for a file without an optional header, which is no program. */
  places: PePlaces | null;
}

/** Where the parts stand that Authenticode tells apart; offsets are in the file. */
export interface PePlaces {
  /** Of CheckSum, 4 bytes. */
  checksum: Bytes;
  /** Of data directory 4, 8 bytes; null for a header that ends before it. */
  certificateEntry: Bytes | null;
  /** SizeOfHeaders. */
  headers: Bytes;
  /** SizeOfRawData at PointerToRawData of each section, in the order of the section table. */
  raw: PePlace[];
  /** The certificate table; of size 0 for none. */
  certificates: PePlace;
}

export interface PePlace {
  offset: Bytes;
  size: Bytes;
}

/** Headers and section table of a file of `size` bytes. Throws FormatFault for what is no PE or is cut short. */
export async function decodePe(read: ReadAt, size: Bytes): Promise<Pe> {
  const at = await coffHeaderAt(read, size);
  const coff = viewOf(await readFully(read, 'the COFF header', { offset: at, length: COFF_BYTES }));
  const [count, optionalBytes] = [coff.getUint16(6, true), coff.getUint16(20, true)];
  if (count > MOST_SECTIONS) throw damaged(`${count} sections`);
  const optional = await readFully(read, 'the optional header', { offset: at + COFF_BYTES, length: optionalBytes });
  const place = { offset: at + COFF_BYTES + optionalBytes, length: count * SECTION_BYTES };
  const table = await readFully(read, 'the section table', place);
  const machine = coff.getUint16(4, true);
  const strings = coff.getUint32(12, true) + coff.getUint32(16, true) * SYMBOL_BYTES;
  const entries = Array.from({ length: count }, (_, i) => table.subarray(i * SECTION_BYTES));
  const sections = entries.map(entry => decodeSection(entry, size));
  const places = decodePlaces(optional, { at: at + COFF_BYTES, entries });
  return {
    machine: MACHINES[machine] ?? `0x${machine.toString(16)}`,
    sections: await Promise.all(sections.map(each => withLongName(each, { read, strings, fileSize: size }))),
    signatures: await countSignatures(read, { ...(places?.certificates ?? { offset: 0, size: 0 }), fileSize: size }),
    places,
  };
}

/** e_lfanew of the DOS header leads to the signature. */
async function coffHeaderAt(read: ReadAt, size: Bytes): Promise<Bytes> {
  if (size < DOS_HEADER_BYTES) throw notPe(`it has ${size} bytes`);
  const dos = await readFully(read, 'the DOS header', { offset: 0, length: DOS_HEADER_BYTES });
  if (fieldText(dos.subarray(0, 2), 'latin1') !== 'MZ') throw notPe('no signature "MZ"');
  const at = viewOf(dos).getUint32(60, true);
  if (at + COFF_BYTES > size) throw notPe(`its header is said to be at ${at}, the file has ${size} bytes`);
  const signature = await readFully(read, 'the PE signature', { offset: at, length: 4 });
  if (Buffer.from(signature).toString('latin1') !== 'PE\0\0') throw notPe('no signature "PE"');
  return at;
}

function decodeSection(entry: Uint8Array, fileSize: Bytes): PeSection {
  const name = fieldText(entry.subarray(0, 8));
  const virtual = viewOf(entry).getUint32(8, true);
  const { offset, size: raw } = rawPlace(entry);
  if (raw > 0 && offset + raw > fileSize)
    throw damaged(`section ${JSON.stringify(name)} is at [${offset}, ${offset + raw}), the file ends at ${fileSize}`);
  // A virtual size of 0 means the raw one; what is virtual alone (.bss) has nothing in the file.
  return { name, offset, size: virtual === 0 ? raw : Math.min(virtual, raw), memory: virtual };
}

/** A name of more than 8 bytes is `/N`: N bytes into the string table, which follows the symbols (binutils writes such). */
async function withLongName(
  section: PeSection,
  { read, strings, fileSize }: { read: ReadAt; strings: Bytes; fileSize: Bytes },
): Promise<PeSection> {
  const place = /^\/([0-9]+)$/.exec(section.name);
  const offset = strings + Number(place?.[1]);
  if (place === null || offset >= fileSize) return section;
  const length = Math.min(MOST_NAME, fileSize - offset);
  const name = fieldText(await readFully(read, 'the string table', { offset, length }));
  return { ...section, name };
}

function decodePlaces(
  optional: Uint8Array,
  { at, entries }: { at: Bytes; entries: readonly Uint8Array[] },
): PePlaces | null {
  if (optional.length === 0) return null;
  if (optional.length < 2) throw damaged('optional header of one byte');
  const view = viewOf(optional);
  const countAt = DIRECTORIES[view.getUint16(0, true)];
  if (countAt === undefined) throw damaged(`optional header of kind 0x${view.getUint16(0, true).toString(16)}`);
  if (optional.length < countAt + 4) throw damaged(`optional header of ${optional.length} bytes`);
  const entry = countAt + 4 + CERTIFICATE_TABLE * 8;
  const none = view.getUint32(countAt, true) <= CERTIFICATE_TABLE || optional.length < entry + 8;
  return {
    checksum: at + CHECKSUM,
    certificateEntry: none ? null : at + entry,
    headers: view.getUint32(SIZE_OF_HEADERS, true),
    raw: entries.map(rawPlace),
    // The one directory whose address is an offset in the file, since it is never loaded.
    certificates: none
      ? { offset: 0, size: 0 }
      : { offset: view.getUint32(entry, true), size: view.getUint32(entry + 4, true) },
  };
}

function rawPlace(entry: Uint8Array): PePlace {
  const view = viewOf(entry);
  return { offset: view.getUint32(20, true), size: view.getUint32(16, true) };
}

/** WIN_CERTIFICATE structures one after the other, each at a multiple of 8 bytes. */
async function countSignatures(
  read: ReadAt,
  { offset, size, fileSize }: { offset: Bytes; size: Bytes; fileSize: Bytes },
): Promise<Pe['signatures']> {
  if (size === 0) return { count: 0, size: 0 };
  if (offset + size > fileSize || size > MOST_CERTIFICATES)
    throw damaged(`certificates are at [${offset}, ${offset + size}), the file ends at ${fileSize}`);
  const bytes = await readFully(read, 'the certificate table', { offset, length: size });
  const view = viewOf(bytes);
  let count = 0;
  for (let at = 0; at + 8 <= size;) {
    const length = view.getUint32(at, true);
    if (length < 8 || at + length > size) throw damaged(`a certificate of ${length} bytes in a table of ${size}`);
    if (view.getUint16(at + 6, true) === PKCS_SIGNED_DATA) count += 1;
    at += Math.ceil(length / 8) * 8;
  }
  return { count, size };
}

function notPe(what: string): FormatFault {
  return new FormatFault(`no EFI program: ${what}`, 'firmware would not start it; build the image again');
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged EFI program: ${what}`, 'firmware would not start it; build the image again');
}
