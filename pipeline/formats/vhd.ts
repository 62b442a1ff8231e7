/**
 * Fixed VHD: the bytes of the disk and a footer of 512 bytes behind them. "Virtual Hard Disk Image Format Specification",
 * version 1.0 (Microsoft, 2006), whose chapters the comments cite. Everything is big endian.
 */
import { formatSize, type Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { decodeUuid, encodeUuid } from './guid.ts';

export const VHD_SIGNATURE = 'conectix';
export const VHD_FOOTER_BYTES = 512;

const SECTOR = 512;
const MIB = 2 ** 20;
/** Hyper-V's and Azure's limit; an entry of a VHD's sector numbers is 32 bits. */
export const VHD_MOST_BYTES: Bytes = 2040 * 2 ** 30;
/** 2000-01-01T00:00:00Z in seconds since 1970. */
const VHD_EPOCH = 946_684_800;
const FORMAT_VERSION = 0x00010000;
/** "Features": none but the bit that is always set. */
const FEATURES = 2;
const NO_OFFSET = 0xffff_ffff_ffff_ffffn;
/** Windows 10 and Server 2016. */
const CREATOR_VERSION = 0x000a0000;

/** "Disk Type". */
const KINDS: Readonly<Record<number, string>> = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' };
const FIXED = 2;

export interface VhdIdentity {
  /** UUID of this disk; FormatFault for anything else. */
  uniqueId: string;
  /** Seconds since 1970. A footer cannot say a time before 2000 or after 2136; the nearest that it can stands for it. */
  epoch: number;
}

export interface VhdFooter extends VhdIdentity {
  /** Of the virtual disk. */
  size: Bytes;
  geometry: VhdGeometry;
  /** Four characters that tell the program: "win " is Hyper-V. */
  creator: string;
}

export interface VhdGeometry {
  cylinders: number;
  heads: number;
  sectorsPerTrack: number;
}

/**
 * The footer of a fixed VHD of `size` bytes. Throws FormatFault unless that is a whole number of MiB, as Azure wants it,
 * up to 2040 GiB.
 */
export function encodeVhdFooter(size: Bytes, { uniqueId, epoch }: VhdIdentity): Uint8Array {
  const fault = vhdSizeFault(size);
  if (fault !== null) throw fault;
  const { cylinders, heads, sectorsPerTrack } = vhdGeometry(size);
  const footer = Buffer.alloc(VHD_FOOTER_BYTES);
  footer.write(VHD_SIGNATURE, 0, 'latin1');
  footer.writeUInt32BE(FEATURES, 8);
  footer.writeUInt32BE(FORMAT_VERSION, 12);
  footer.writeBigUInt64BE(NO_OFFSET, 16);
  footer.writeUInt32BE(Math.min(Math.max(0, epoch - VHD_EPOCH), 2 ** 32 - 1), 24);
  // Of a creator that it does not know QEMU takes the size from the geometry, which is rounded down; Azure wants the
  // host to be Windows. So the footer says what Hyper-V's does.
  footer.write('win ', 28, 'latin1');
  footer.writeUInt32BE(CREATOR_VERSION, 32);
  footer.write('Wi2k', 36, 'latin1');
  footer.writeBigUInt64BE(BigInt(size), 40);
  footer.writeBigUInt64BE(BigInt(size), 48);
  footer.writeUInt16BE(cylinders, 56);
  footer.writeUInt8(heads, 58);
  footer.writeUInt8(sectorsPerTrack, 59);
  footer.writeUInt32BE(FIXED, 60);
  footer.set(encodeUuid(uniqueId), 68);
  footer.writeUInt32BE(checksum(footer), 64);
  return footer;
}

/**
 * The footer of a fixed VHD. Throws FormatFault for 512 bytes that are no footer, for a wrong checksum, and for a
 * dynamic or differencing disk, by name.
 */
export function decodeVhdFooter(bytes: Uint8Array): VhdFooter {
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== VHD_FOOTER_BYTES || footer.toString('latin1', 0, 8) !== VHD_SIGNATURE)
    throw new FormatFault(`no VHD footer: no signature "${VHD_SIGNATURE}"`, 'give a .vhd file');
  const [found, stored] = [checksum(footer), footer.readUInt32BE(64)];
  if (found !== stored)
    throw damaged(`the checksum of its footer is ${found.toString(16)}, ${stored.toString(16)} is stored`);
  const kind = footer.readUInt32BE(60);
  if (kind !== FIXED)
    throw new FormatFault(
      `a ${KINDS[kind] ?? `VHD of kind ${kind}, not a fixed`} VHD, which cannot be read here`,
      'convert it first: qemu-img convert -f vpc -O raw FILE FILE.raw',
    );
  return {
    size: Number(footer.readBigUInt64BE(48)),
    geometry: {
      cylinders: footer.readUInt16BE(56),
      heads: footer.readUInt8(58),
      sectorsPerTrack: footer.readUInt8(59),
    },
    creator: footer.toString('latin1', 28, 32),
    uniqueId: decodeUuid(footer, 68),
    epoch: footer.readUInt32BE(24) + VHD_EPOCH,
  };
}

/** Why a disk of this size cannot be a VHD; null when it can. */
export function vhdSizeFault(size: Bytes): FormatFault | null {
  if (size > VHD_MOST_BYTES)
    return new FormatFault(
      `a disk of ${formatSize(size)} is too large for a VHD, which ends at 2040 GiB`,
      'make the disk smaller, or take format vhdx, which ends at 64 TiB',
    );
  if (size > 0 && size % MIB === 0) return null;
  return new FormatFault(
    `a disk of ${formatSize(size)} is no whole number of MiB, which Azure wants of a VHD`,
    'give the layout a `size` in whole MiB, or take format vhdx',
  );
}

/**
 * Cylinders, heads and sectors, as the appendix "CHS Calculation" has it: at most as many sectors as the disk has, and
 * often fewer. From 127.5 GiB on it is the greatest geometry there is.
 */
export function vhdGeometry(size: Bytes): VhdGeometry {
  const sectors = Math.min(Math.floor(size / SECTOR), 65535 * 16 * 255);
  if (sectors >= 65535 * 16 * 63) return geometryOf(sectors, { heads: 16, sectorsPerTrack: 255 });
  const heads = Math.max(4, Math.ceil(Math.floor(sectors / 17) / 1024));
  if (heads <= 16 && Math.floor(sectors / 17) < heads * 1024)
    return geometryOf(sectors, { heads, sectorsPerTrack: 17 });
  const sectorsPerTrack = Math.floor(sectors / 31) < 16 * 1024 ? 31 : 63;
  return geometryOf(sectors, { heads: 16, sectorsPerTrack });
}

function geometryOf(
  sectors: number,
  { heads, sectorsPerTrack }: Pick<VhdGeometry, 'heads' | 'sectorsPerTrack'>,
): VhdGeometry {
  return { cylinders: Math.floor(Math.floor(sectors / sectorsPerTrack) / heads), heads, sectorsPerTrack };
}

/** "Checksum": the one's complement of the sum of all bytes but its own four. */
function checksum(footer: Uint8Array): number {
  const sum = footer.reduce((total, byte, at) => (at >= 64 && at < 68 ? total : total + byte), 0);
  return ~sum >>> 0;
}

function damaged(what: string): FormatFault {
  return new FormatFault(
    `damaged VHD: ${what}`,
    'copy the file again, and compare its checksum with the one published',
  );
}
