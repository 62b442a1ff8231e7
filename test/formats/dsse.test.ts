import { expect, test } from 'vitest';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { decodeEnvelope, encodeEnvelope, preAuthEncoding, type Envelope } from '../../pipeline/formats/dsse.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const payloadType = 'application/vnd.harbour+json';
const payload = Buffer.from('{"tide":"ebb"}');
const signature = sign('sha256', preAuthEncoding(payloadType, payload), privateKey);
const envelope: Envelope = { payloadType, payload, signatures: [{ keyid: 'a1', signature }] };

function holds(changed: Envelope): boolean {
  const signed = preAuthEncoding(changed.payloadType, changed.payload);
  return changed.signatures.every(each => verify('sha256', signed, publicKey, each.signature));
}

test('what is signed is the test vector of the specification', () => {
  expect(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
  expect(
    preAuthEncoding('Kähn', Buffer.from([0xff]))
      .subarray(0, 9)
      .toString(),
  ).toBe('DSSEv1 5 ');
});

test('an envelope is one line, and reads back as it was', () => {
  const text = encodeEnvelope(envelope);
  expect(text.indexOf('\n')).toBe(text.length - 1);
  expect(decodeEnvelope(text)).toEqual(envelope);
  expect(holds(decodeEnvelope(text))).toBe(true);
});

test('every flipped bit of payload, type and signature is refused', () => {
  for (let bit = 0; bit < payload.length * 8; bit++)
    expect(holds({ ...envelope, payload: flipped(payload, bit) })).toBe(false);
  const type = Buffer.from(payloadType);
  // The highest bit would make it another text altogether.
  for (let bit = 0; bit < type.length * 8; bit++)
    if (bit % 8 !== 7) expect(holds({ ...envelope, payloadType: flipped(type, bit).toString() })).toBe(false);
  for (let bit = 0; bit < signature.length * 8; bit += 97)
    expect(holds({ ...envelope, signatures: [{ keyid: '', signature: flipped(signature, bit) }] })).toBe(false);
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

test('others may leave out the key id, add fields, and use the alphabet for URLs', () => {
  const text = JSON.stringify({ payload: '-_8=', payloadType: 'x/y', signatures: [{ sig: '_w==' }], more: 1 });
  expect(decodeEnvelope(text)).toEqual({
    payloadType: 'x/y',
    payload: Buffer.from([0xfb, 0xff]),
    signatures: [{ keyid: '', signature: Buffer.from([0xff]) }],
  });
});

test.each([
  ['no JSON', '{"payload":'],
  ['null', 'null'],
  ['a list', '[]'],
  ['no signatures', '{"payload":"","payloadType":"x","signatures":[]}'],
  ['a signature without one', '{"payload":"","payloadType":"x","signatures":[{"keyid":"k"}]}'],
  ['a payload that is not base64', '{"payload":"%","payloadType":"x","signatures":[{"sig":""}]}'],
  ['a type that is none', '{"payload":"","payloadType":7,"signatures":[{"sig":""}]}'],
  ['a key id that is none', '{"payload":"","payloadType":"x","signatures":[{"sig":"","keyid":7}]}'],
])('%s is no envelope', (_, text) => {
  expect(() => decodeEnvelope(text)).toThrow('not a DSSE envelope');
});
