/** Dead Simple Signing Envelope (github.com/secure-systems-lab/dsse, protocol and envelope 1.0.0). Pure. */
import { FormatFault } from './fault.ts';
import { isRecord, parseJson } from './json-value.ts';

export interface Envelope {
  /** What `payload` is, and how it is encoded; signed with it. */
  payloadType: string;
  payload: Buffer;
  signatures: {
    /** A hint which key to try, and no more: it is not signed. Empty for none. */
    keyid: string;
    signature: Buffer;
  }[];
}

/** PAE: the bytes that are signed. They say where type and payload end, so neither can be read as part of the other. */
export function preAuthEncoding(type: string, payload: Uint8Array): Buffer {
  const name = Buffer.from(type);
  return Buffer.concat([Buffer.from(`DSSEv1 ${name.length} ${type} ${payload.length} `), payload]);
}

/** On one line, as attestations stand in a .jsonl file. */
export function encodeEnvelope({ payloadType, payload, signatures }: Envelope): string {
  const signed = signatures.map(({ keyid, signature }) => ({ keyid, sig: signature.toString('base64') }));
  return `${JSON.stringify({ payload: payload.toString('base64'), payloadType, signatures: signed })}\n`;
}

/** Fields of others are ignored, as the specification wants. Throws FormatFault. */
export function decodeEnvelope(text: string): Envelope {
  const value = parseJson(text);
  const isEnvelope =
    isRecord(value) &&
    isBase64(value.payload) &&
    typeof value.payloadType === 'string' &&
    Array.isArray(value.signatures) &&
    value.signatures.length > 0 &&
    value.signatures.every(isSignature);
  if (!isEnvelope)
    throw new FormatFault(
      'not a DSSE envelope: one JSON object with payload, payloadType and signatures',
      'fetch the file again from where the release is kept',
    );
  const { payload, payloadType, signatures } = value as unknown as Written;
  return {
    payloadType,
    payload: bytesOf(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid: keyid ?? '', signature: bytesOf(sig) })),
  };
}

interface Written {
  payload: string;
  payloadType: string;
  signatures: { keyid?: string; sig: string }[];
}

function isSignature(value: unknown): boolean {
  const named = isRecord(value) && (value.keyid === undefined || typeof value.keyid === 'string');
  return named && isBase64(value.sig);
}

/** Of either alphabet: "verifiers MUST accept either". */
function isBase64(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value);
}

/** Node reads both alphabets. */
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');
