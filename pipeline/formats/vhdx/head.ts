/** File identifier and headers of a VHDX: [MS-VHDX] sections 2.2.1 and 2.2.2. */
import type { Bytes } from '../bytes.ts';
import { crc32c } from '../crc32c.ts';
import { FormatFault } from '../fault.ts';
import { decodeGuid, encodeGuid, NIL_GUID } from '../guid.ts';
import { type ReadAt, readFully, readU64, viewOf } from '../read-at.ts';
import { damaged, KIB, LOG_PLACE, MIB, type Part, type VhdxIdentity } from './shape.ts';

export const VHDX_SIGNATURE = 'vhdxfile';
const CREATOR_BYTES = 512;

const HEADER_SIGNATURE = 'head';
const HEADER_PLACES = [64 * KIB, 128 * KIB] as const;
const HEADER_BYTES = 4 * KIB;
const OWN_LOG = { logStart: LOG_PLACE.start, logLength: LOG_PLACE.length };

export interface VhdxHeader {
  /** Of this copy in the file. */
  start: Bytes;
  sequenceNumber: number;
  fileWriteGuid: string;
  dataWriteGuid: string;
  logStart: Bytes;
  logLength: Bytes;
}

/** Throws FormatFault for a creator that is too long, or for an identity that isn't a GUID. */
export function encodeHead(identity: VhdxIdentity): Part[] {
  return [
    { start: 0, bytes: encodeIdentifier(identity.creator) },
    // Of two valid headers the one with the greater sequence number is current, so they must differ.
    ...HEADER_PLACES.map((start, i) => ({ start, bytes: encodeHeader({ ...identity, ...OWN_LOG }, i + 1) })),
  ];
}

/**
 * What is written into the file before the data of its disk is changed, one after the other, each synced: of the two
 * copies one is whole at any time (section 2.2.2.1).
 */
export function nextHeaders(
  { start, sequenceNumber, logStart, logLength }: VhdxHeader,
  guids: Pick<VhdxIdentity, 'fileWriteGuid' | 'dataWriteGuid'>,
): Part[] {
  const [first, second] = HEADER_PLACES;
  const others = start === first ? [second, first] : [first, second];
  return others.map((place, index) => ({
    start: place,
    bytes: encodeHeader({ ...guids, logStart, logLength }, sequenceNumber + 1 + index),
  }));
}

/** Throws FormatFault when this is no VHDX. */
export async function readCreator(read: ReadAt): Promise<string> {
  const bytes = Buffer.from(
    await readFully(read, 'the VHDX file identifier', { offset: 0, length: 8 + CREATOR_BYTES }),
  );
  if (bytes.toString('latin1', 0, 8) !== VHDX_SIGNATURE) {
    throw new FormatFault(`not a VHDX: no signature "${VHDX_SIGNATURE}"`, 'give a .vhdx file');
  }
  return bytes.toString('utf16le', 8).split('\0')[0] ?? '';
}

/**
 * The current header. One broken copy is added to `faults`. Throws FormatFault when both are, and when the log holds
 * entries that are still to be replayed.
 */
export async function readCurrentHeader(read: ReadAt, faults: string[]): Promise<VhdxHeader> {
  const copies: Uint8Array[] = [];
  const places = new Map<Uint8Array, Bytes>();
  for (const [i, place] of HEADER_PLACES.entries()) {
    const bytes = await readFully(read, `VHDX header ${i + 1}`, { offset: place, length: HEADER_BYTES });
    const fault = checkHeader(bytes);
    if (fault === null) {
      copies.push(bytes);
      places.set(bytes, place);
    } else faults.push(`header ${i + 1}: ${fault}`);
  }
  const [first, second] = copies;
  if (first === undefined) throw damaged(faults.join('; '));
  const current = second === undefined ? first : newerHeader(first, second);
  const logGuid = decodeGuid(current, 48);
  if (logGuid !== NIL_GUID) {
    throw new FormatFault(
      `VHDX with a pending log (${logGuid}): it was not closed cleanly, and its newest writes are only in the log`,
      'shut down the VM that uses it; then `qemu-img check -r all FILE`, or attaching it in Hyper-V, replays the log',
    );
  }
  return {
    start: places.get(current) ?? 0,
    sequenceNumber: readU64(current, 8),
    fileWriteGuid: decodeGuid(current, 16),
    dataWriteGuid: decodeGuid(current, 32),
    logLength: viewOf(current).getUint32(68, true),
    logStart: readU64(current, 72),
  };
}

/** Section 2.2.1. */
function encodeIdentifier(creator: string): Uint8Array {
  const text = Buffer.from(creator, 'utf16le');
  if (text.length > CREATOR_BYTES) {
    throw new FormatFault(`creator of ${creator.length} UTF-16 units`, `use at most ${CREATOR_BYTES / 2}`);
  }
  const bytes = new Uint8Array(8 + CREATOR_BYTES);
  bytes.set(Buffer.from(VHDX_SIGNATURE, 'latin1'));
  bytes.set(text, 8);
  return bytes;
}

/** Section 2.2.2. LogGuid stays nil: nothing is to be replayed. */
function encodeHeader(
  { fileWriteGuid, dataWriteGuid, logStart, logLength }: Omit<VhdxHeader, 'start' | 'sequenceNumber'>,
  sequenceNumber: number,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(HEADER_SIGNATURE, 'latin1'));
  view.setBigUint64(8, BigInt(sequenceNumber), true);
  bytes.set(encodeGuid(fileWriteGuid), 16);
  bytes.set(encodeGuid(dataWriteGuid), 32);
  view.setUint16(64, 0, true); // LogVersion
  view.setUint16(66, 1, true); // Version
  view.setUint32(68, logLength, true);
  view.setBigUint64(72, BigInt(logStart), true);
  view.setUint32(4, crc32c(bytes), true);
  return bytes;
}

function checkHeader(bytes: Uint8Array): string | null {
  const fault = checkSignedTable(bytes, HEADER_SIGNATURE);
  if (fault !== null) return fault;
  const view = viewOf(bytes);
  const [logVersion, version] = [view.getUint16(64, true), view.getUint16(66, true)];
  if (version !== 1 || logVersion !== 0) return `version ${version}, log version ${logVersion}; 1 and 0 are known`;
  const [start, length] = [readU64(bytes, 72), view.getUint32(68, true)];
  return start % MIB !== 0 || length % MIB !== 0 || start < MIB ? `log at ${start}, ${length} bytes` : null;
}

/** Signature at 0 and CRC-32C at 4, as headers and region tables have them; null when both are right. */
export function checkSignedTable(bytes: Uint8Array, signature: string): string | null {
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== signature) return `no signature "${signature}"`;
  const bare = new Uint8Array(bytes); // not slice(): a Buffer's is no copy
  bare.fill(0, 4, 8);
  const [found, stored] = [crc32c(bare), viewOf(bytes).getUint32(4, true)];
  return found === stored ? null : `CRC-32C is ${found.toString(16)}, ${stored.toString(16)} is stored`;
}

function newerHeader(first: Uint8Array, second: Uint8Array): Uint8Array {
  const [older, newer] = [viewOf(first).getBigUint64(8, true), viewOf(second).getBigUint64(8, true)];
  if (older === newer && Buffer.compare(first, second) !== 0)
    throw damaged(`two headers with sequence number ${older}`);
  return newer > older ? second : first;
}
