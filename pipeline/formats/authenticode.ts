/**
 * What firmware hashes of an EFI program, and the signatures over it: Microsoft's "Windows Authenticode Portable
 * Executable Signature Format"; EDK2's DxeImageVerificationLib and Tcg2Dxe take the same steps.
 */
import { createHash } from 'node:crypto';
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { decodePe, PKCS_SIGNED_DATA, type PePlace, type PePlaces } from './pe.ts';
import { type ReadAt, readFully, viewOf } from './read-at.ts';
import { decodeSignedDigest } from './signed-data.ts';

/** The certificate table stands at a multiple of this; what is before it is filled up with zeros. */
const TABLE_ALIGNMENT: Bytes = 8;
const PIECE: Bytes = 2 ** 20;

export interface AuthenticodeSignature {
  /** What it says the digest is; null when it cannot be read. `value` in lower-case hexadecimal. */
  digest: { algorithm: string; value: string } | null;
  /** DER of each certificate in it, the signer's first. */
  certificates: Uint8Array[];
  /** Why it does not hold for this program; null when it does. Trust in the signer's certificate is the caller's. */
  fault: string | null;
}

/**
 * SHA-256 (hexadecimal) of an EFI program of `size` bytes, as a signature names it: a file without signatures is
 * padded with zeros to a multiple of 8 bytes, as those who sign do. Reads by the MiB. Throws FormatFault for what is
 * no EFI program, or has its signatures elsewhere than at its end.
 */
export async function authenticodeDigest(read: ReadAt, size: Bytes): Promise<string> {
  return digestOf(read, await placesOf(read, size), { algorithm: 'sha256', size, padded: true });
}

/** As authenticodeDigest, of the file as it is: what firmware measures. Different only where padding is still missing. */
export async function measuredDigest(read: ReadAt, size: Bytes): Promise<string> {
  return digestOf(read, await placesOf(read, size), { algorithm: 'sha256', size, padded: false });
}

/** The ranges that the digest covers, in the order in which they are hashed. Throws FormatFault as authenticodeDigest. */
export async function authenticodeRanges(read: ReadAt, size: Bytes): Promise<PePlace[]> {
  return rangesOf(await placesOf(read, size), size);
}

/** The signatures of an EFI program, in the order of its certificate table; what is wrong with one is in its `fault`. */
export async function readSignatures(read: ReadAt, size: Bytes): Promise<AuthenticodeSignature[]> {
  const places = await placesOf(read, size);
  const { offset, size: length } = places.certificates;
  if (length === 0) return [];
  const table = await readFully(read, 'the certificate table', { offset, length });
  const digests = new Map<string, string>();
  const found: AuthenticodeSignature[] = [];
  for (const bytes of signedDataOf(table)) {
    const signature = decoded(bytes);
    const algorithm = signature.digest?.algorithm;
    if (algorithm !== undefined && !digests.has(algorithm))
      digests.set(algorithm, await digestOf(read, places, { algorithm, size, padded: true }));
    const own = digests.get(algorithm ?? '');
    const other = signature.digest !== null && own !== signature.digest.value;
    found.push({
      ...signature,
      fault: other ? `it is for another program: ${signature.digest?.value}, not ${own}` : signature.fault,
    });
  }
  return found;
}

async function placesOf(read: ReadAt, size: Bytes): Promise<PePlaces> {
  const { places } = await decodePe(read, size);
  if (places === null) throw unfit('it has no optional header');
  const { certificates, headers } = places;
  if (headers > size) throw unfit(`its headers end at ${headers}, the file at ${size}`);
  const end = certificates.offset + certificates.size;
  // Firmware takes the table's size off the end of the file, wherever the table is.
  if (certificates.size > 0 && end !== size) throw unfit(`its signatures end at ${end}, the file at ${size}`);
  return places;
}

/** Steps 3 to 14 of "Calculating the PE Image Hash". */
function rangesOf({ checksum, certificateEntry, headers, raw, certificates }: PePlaces, size: Bytes): PePlace[] {
  const gaps = [
    { offset: checksum, size: 4 },
    ...(certificateEntry === null ? [] : [{ offset: certificateEntry, size: 8 }]),
  ];
  const starts = [0, ...gaps.map(gap => gap.offset + gap.size)];
  const head = starts.map((offset, at) => ({ offset, size: (gaps[at]?.offset ?? headers) - offset }));
  if (head.some(each => each.size < 0)) throw unfit(`headers of ${headers} bytes`);
  const bodies = raw.filter(each => each.size > 0).toSorted((a, b) => a.offset - b.offset);
  // Counted, not looked for: what is behind as many bytes as were hashed.
  const counted = bodies.reduce((sum, each) => sum + each.size, headers);
  const trailing = size - certificates.size - counted;
  if (trailing < 0) throw unfit(`its sections have ${counted} bytes, the file has ${size - certificates.size}`);
  return [...head, ...bodies, { offset: counted, size: trailing }].filter(each => each.size > 0);
}

async function digestOf(
  read: ReadAt,
  places: PePlaces,
  { algorithm, size, padded }: { algorithm: string; size: Bytes; padded: boolean },
): Promise<string> {
  const hash = createHash(algorithm);
  for (const range of rangesOf(places, size))
    for (let at = range.offset, end = at + range.size; at < end; at += PIECE)
      hash.update(await readFully(read, 'an EFI program', { offset: at, length: Math.min(PIECE, end - at) }));
  const missing = places.certificates.size > 0 ? 0 : -size & (TABLE_ALIGNMENT - 1);
  return hash.update(new Uint8Array(padded ? missing : 0)).digest('hex');
}

/** WIN_CERTIFICATE structures (UEFI 2.10, section 32.2.4) that hold SignedData; decodePe has checked their lengths. */
function signedDataOf(table: Uint8Array): Uint8Array[] {
  const view = viewOf(table);
  const found: Uint8Array[] = [];
  for (let at = 0; at + 8 <= table.length;) {
    const length = view.getUint32(at, true);
    if (view.getUint16(at + 6, true) === PKCS_SIGNED_DATA) found.push(table.subarray(at + 8, at + length));
    at += Math.ceil(length / TABLE_ALIGNMENT) * TABLE_ALIGNMENT;
  }
  return found;
}

function decoded(bytes: Uint8Array): AuthenticodeSignature {
  try {
    const { digest, certificates, fault } = decodeSignedDigest(bytes);
    return { digest: { ...digest, value: Buffer.from(digest.value).toString('hex') }, certificates, fault };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { digest: null, certificates: [], fault: error.message };
  }
}

function unfit(what: string): FormatFault {
  return new FormatFault(`damaged EFI program: ${what}`, 'firmware would not start it; build the image again');
}
