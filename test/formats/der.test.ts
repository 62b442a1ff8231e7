import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DER, derItems, derOf, derOid, readDer } from '../../pipeline/formats/der.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';

/** X.690, clause 8.1.3: the definite form, as short as can be. */
function encode(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const octets = Buffer.from(length.toString(16).padStart(length < 256 ? 2 : length < 65_536 ? 4 : 6, '0'), 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | octets.length), octets, content]);
}

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('readDer', () => {
  it('reads any value back, whatever follows it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 4, 0x30, 0xa1),
        fc.uint8Array({ maxLength: 70_000 }),
        fc.uint8Array(),
        (tag, content, more) => {
          const bytes = encode(tag, content);
          const value = readDer(Buffer.concat([bytes, more]));
          expect(value.tag).toBe(tag);
          expect(Buffer.compare(value.content, content)).toBe(0);
          expect(value.bytes).toHaveLength(bytes.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('answers any bytes with a value or FormatFault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), bytes => {
        try {
          expect(readDer(bytes).bytes.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatFault);
        }
      }),
    );
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /cut short/],
    ['a content that ends early', '04 03 01 02', /a value of 3 bytes where 2 are left/],
    ['an indefinite length', '30 80 00 00', /begins with 0x80/],
    ['a length of five octets', '30 85 00 00 00 00 01 00', /begins with 0x85/],
    ['a length that ends early', '30 82 01', /are left/],
    ['a long tag', '1f 81 01 00', /more than one octet/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readDer(hex(bytes))).toThrow(message);
    expect(() => readDer(hex(bytes))).toThrow(FormatFault);
  });
});

describe('derItems', () => {
  it('lists what is inside, in order', () => {
    const parts = [encode(2, hex('07')), encode(4, hex('0102')), encode(0x30, hex(''))];
    expect(
      derItems(readDer(encode(0x30, Buffer.concat(parts)))).map(({ tag, content }) => [tag, content.length]),
    ).toEqual([
      [2, 1],
      [4, 2],
      [0x30, 0],
    ]);
  });
});

describe('derOid', () => {
  // As `openssl asn1parse` shows them.
  it.each([
    ['06 09 2a 86 48 86 f7 0d 01 07 02', '1.2.840.113549.1.7.2'],
    ['06 0a 2b 06 01 04 01 82 37 02 01 04', '1.3.6.1.4.1.311.2.1.4'],
    ['06 09 60 86 48 01 65 03 04 02 01', '2.16.840.1.101.3.4.2.1'],
    ['06 03 55 04 03', '2.5.4.3'],
    ['06 02 88 37', '2.999'],
  ])('%s is %s', (bytes, text) => {
    expect(derOid(readDer(hex(bytes)))).toBe(text);
  });

  it('refuses what is none', () => {
    expect(() => derOid(readDer(hex('04 01 00')))).toThrow(/an object identifier has tag 0x4/);
    expect(() => derOf(undefined, DER.set, 'the list')).toThrow(/the list has tag none/);
  });
});
