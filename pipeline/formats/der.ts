/** DER, the encoding of certificates and signatures: ITU-T X.690, clauses 8 and 10. Reading alone, of what fits in memory. */
import { FormatFault } from './fault.ts';

export interface DerValue {
  /** Identifier octet; tags of more than one octet are not used by what is read here. */
  tag: number;
  /** Identifier, length and content. */
  bytes: Uint8Array;
  content: Uint8Array;
}

/** The tags that are told apart here. */
export const DER = { integer: 2, octets: 4, oid: 6, sequence: 0x30, set: 0x31, context0: 0xa0 } as const;

/** The first value of `bytes`; what follows it is not looked at. Throws FormatFault for what is none or is cut short. */
export function readDer(bytes: Uint8Array): DerValue {
  const [tag, first] = [bytes[0], bytes[1]];
  if (tag === undefined || first === undefined) throw damaged('a value is cut short');
  if ((tag & 0x1f) === 0x1f) throw damaged('a tag of more than one octet');
  const octets = first < 0x80 ? 0 : first & 0x7f;
  // 0x80 is the indefinite length, which DER does not have.
  if (first === 0x80 || octets > 4) throw damaged(`a length that begins with 0x${first.toString(16)}`);
  const start = 2 + octets;
  const length = octets === 0 ? first : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  if (start + length > bytes.length) throw damaged(`a value of ${length} bytes where ${bytes.length - start} are left`);
  return { tag, bytes: bytes.subarray(0, start + length), content: bytes.subarray(start, start + length) };
}

/** The values inside of a SEQUENCE, a SET or an explicit tag, in order. Throws FormatFault as readDer. */
export function derItems({ content }: DerValue): DerValue[] {
  const items: DerValue[] = [];
  for (let at = 0; at < content.length;) {
    const item = readDer(content.subarray(at));
    items.push(item);
    at += item.bytes.length;
  }
  return items;
}

/** The value, when its tag is the one `wanted`. Throws FormatFault, with `what` it should be, for another or none. */
export function derOf(value: DerValue | undefined, wanted: number, what: string): DerValue {
  if (value?.tag === wanted) return value;
  throw damaged(`${what} has tag ${value === undefined ? 'none' : `0x${value.tag.toString(16)}`}`);
}

/** An OBJECT IDENTIFIER in its usual text, "1.2.840.113549"; X.690, clause 8.19. Throws FormatFault for another value. */
export function derOid(value: DerValue | undefined): string {
  const { content } = derOf(value, DER.oid, 'an object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...others] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...others].join('.');
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged DER: ${what}`, 'copy the file again, or sign it again');
}
