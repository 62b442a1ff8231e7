/** Keys of Secure Boot as the variables PK, KEK, db and dbx hold them: EFI_SIGNATURE_LIST, UEFI 2.10, section 32.4.1. */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { decodeGuid, encodeGuid } from './guid.ts';
import { viewOf } from './read-at.ts';

const HEADER: Bytes = 28;
const OWNER: Bytes = 16;

/** Types of signatures; there are more, which are kept as they are. */
export const EFI_CERT_X509 = 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072';
export const EFI_CERT_SHA256 = 'c1c41626-504c-4092-aca9-41f936934328';

export interface EfiSignature {
  /** GUID: what `data` is. */
  type: string;
  /** GUID of whoever put it there. */
  owner: string;
  /** Of a certificate: DER. Of a digest: its bytes. */
  data: Uint8Array;
}

/** Any number of lists, one behind the other, -> their signatures. Throws FormatFault for lengths that do not add up. */
export function decodeSignatureLists(bytes: Uint8Array): EfiSignature[] {
  const found: EfiSignature[] = [];
  for (let at = 0; at < bytes.length;) {
    const { type, end, first, each } = listHead(bytes, at);
    for (let next = first; next < end; next += each)
      found.push({
        type,
        owner: decodeGuid(bytes, next),
        data: Uint8Array.from(bytes.subarray(next + OWNER, next + each)),
      });
    at = end;
  }
  return found;
}

/**
 * Lists that decodeSignatureLists reads back. Digests that follow each other share a list; each certificate has one of
 * its own, as firmware and the usual tools write them. Throws FormatFault for a type or owner that is no GUID.
 */
export function encodeSignatureLists(signatures: readonly EfiSignature[]): Uint8Array {
  const lists: EfiSignature[][] = [];
  for (const signature of signatures) {
    const last = lists.at(-1);
    const fits = last?.[0]?.type === signature.type && last[0].data.length === signature.data.length;
    if (fits && signature.type !== EFI_CERT_X509) last.push(signature);
    else lists.push([signature]);
  }
  return Buffer.concat(lists.map(encodeList));
}

function listHead(bytes: Uint8Array, at: Bytes): { type: string; end: Bytes; first: Bytes; each: Bytes } {
  const left = bytes.length - at;
  if (left < HEADER) throw damaged(`${left} bytes where a list begins`);
  const view = viewOf(bytes.subarray(at, at + HEADER));
  const [size, header, each] = [view.getUint32(16, true), view.getUint32(20, true), view.getUint32(24, true)];
  const body = size - HEADER - header;
  if (size > left || body < 0 || each <= OWNER || body % each !== 0)
    throw damaged(`a list of ${size} bytes with signatures of ${each}, where ${left} are left`);
  return { type: decodeGuid(bytes, at), end: at + size, first: at + HEADER + header, each };
}

function encodeList(signatures: readonly EfiSignature[]): Uint8Array {
  const each = OWNER + (signatures[0]?.data.length ?? 0);
  const head = Buffer.alloc(HEADER);
  head.set(encodeGuid(signatures[0]?.type ?? ''));
  head.writeUInt32LE(HEADER + each * signatures.length, 16);
  head.writeUInt32LE(each, 24);
  return Buffer.concat([head, ...signatures.flatMap(({ owner, data }) => [encodeGuid(owner), data])]);
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged EFI signature list: ${what}`, 'make it again: caisson keys new DIR');
}
