/** GUIDs: text, the mixed-endian bytes of GPT and VHDX, seeded ones, and the partition types we know by name. */
import { createHash } from 'node:crypto';
import { FormatFault } from './fault.ts';

const GUID_BYTES = 16;
export const NIL_GUID = '00000000-0000-0000-0000-000000000000';

export const GUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Where each byte of the text stands on disk: the first three groups are little endian (UEFI 2.10, appendix A). */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/** GUID text in either case -> its 16 bytes on disk. Throws FormatFault for anything else. */
export function encodeGuid(text: string): Uint8Array {
  const inOrder = encodeUuid(text);
  return Uint8Array.from(ORDER, from => inOrder[from] ?? 0);
}

/** The 16 bytes at `offset` -> GUID text in lower case. */
export function decodeGuid(bytes: Uint8Array, offset = 0): string {
  const hex = ORDER.map(from => (bytes[offset + from] ?? 0).toString(16).padStart(2, '0')).join('');
  return groupDigits(hex);
}

/** As encodeGuid, in the order of the text (RFC 9562, section 4): VHD stores it so. */
export function encodeUuid(text: string): Uint8Array {
  if (!GUID_TEXT.test(text)) {
    throw new FormatFault(`"${text}" is not a GUID`, 'write 32 hexadecimal digits grouped 8-4-4-4-12');
  }
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** The 16 bytes at `offset` in the order of the text (RFC 9562; file systems, dm-verity, VHD) -> UUID text in lower case. */
export function decodeUuid(bytes: Uint8Array, offset = 0): string {
  return groupDigits(
    Buffer.from(bytes.subarray(offset, offset + GUID_BYTES))
      .toString('hex')
      .padEnd(2 * GUID_BYTES, '0'),
  );
}

/**
 * The UUID that a seed gives to the thing called `names` ("disk"; "partition", "RootFSA"; ...), in lower case.
 * RFC 9562 version 8 (section 5.8, vendor-specific): the first 128 bits of the SHA-256 of the seed and the names,
 * each preceded by its length, so that ("ab", "c") and ("a", "bc") differ. Version 5 would tie it to SHA-1.
 */
export function seededGuid(seed: string, ...names: string[]): string {
  const hash = createHash('sha256');
  for (const part of [seed, ...names]) {
    const bytes = Buffer.from(part, 'utf8');
    hash.update(`${bytes.length}:`).update(bytes);
  }
  const digest = hash.digest().subarray(0, GUID_BYTES);
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return groupDigits(digest.toString('hex'));
}

/**
 * GPT partition types by the names that layouts use. Values: UAPI.2 Discoverable Partitions Specification; UEFI 2.10
 * table 5.7 (esp); GRUB (bios-boot); Microsoft (msr, basic-data). The `caisson-` ones are ours, drawn once: Log and
 * Data need types of their own because systemd-repart matches its definitions by type.
 */
export const PARTITION_TYPES = {
  esp: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  xbootldr: 'bc13c2ff-59e6-4262-a352-b275fd6f7172',
  'root-x86-64': '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
  'root-x86-64-verity': '2c7357ed-ebd2-46d9-aec1-23d437ec2bf5',
  'root-x86-64-verity-sig': '41092b05-9fc8-4523-994f-2def0408b176',
  'usr-x86-64': '8484680c-9521-48c6-9c11-b0720656f69e',
  'usr-x86-64-verity': '77ff5f63-e7b6-4633-acf4-1565b864c0e6',
  'usr-x86-64-verity-sig': 'e7bb33fb-06cf-4e81-8273-e543b413e2e2',
  'root-arm64': 'b921b045-1df0-41c3-af44-4c6f280d3fae',
  'root-arm64-verity': 'df3300ce-d69f-4c92-978c-9bfb0f38d820',
  linux: '0fc63daf-8483-4772-8e79-3d69d8477de4',
  home: '933ac7e1-2eb4-4f13-b844-0e14e2aef915',
  srv: '3b8f8425-20e0-4f3b-907f-1a25a76f98e8',
  var: '4d21b016-b534-45c2-a9fb-5c16e091fd2d',
  tmp: '7ec6f557-3bc5-4aca-b293-16ef5df639d1',
  swap: '0657fd6d-a4ab-43c4-84e5-0933c84b4f4f',
  'bios-boot': '21686148-6449-6e6f-744e-656564454649',
  msr: 'e3c9e316-0b5c-4db8-817d-f92df00215ae',
  'basic-data': 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7',
  'caisson-log': '5d809ef5-c2b3-4f1d-a0e3-3252527d143e',
  'caisson-data': 'f24e92f4-84fe-4633-81e7-00e073b051ec',
} as const satisfies Readonly<Record<string, string>>;

/** "root-x86-64" -> its GUID; null for a name that isn't in PARTITION_TYPES. */
export function partitionType(name: string): string | null {
  return Object.hasOwn(PARTITION_TYPES, name) ? PARTITION_TYPES[name as keyof typeof PARTITION_TYPES] : null;
}

/** Type GUID in either case -> "root-x86-64"; null for a type without a name here. */
export function partitionTypeName(guid: string): string | null {
  const wanted = guid.toLowerCase();
  return Object.entries(PARTITION_TYPES).find(([, type]) => type === wanted)?.[0] ?? null;
}

function groupDigits(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
