import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSignatureLists,
  EFI_CERT_SHA256,
  EFI_CERT_X509,
  encodeSignatureLists,
  type EfiSignature,
} from '../../pipeline/formats/efi-signature-list.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';

const OWNER = '605dab50-e046-4300-abb6-3dd810dd8b23';

/** `hash-to-efi-sig-list` of efitools, of a program whose digest is DIGEST. */
const DIGEST = 'f4166948f7adafa71e45c7ca5d30d97f78f382ecf1e3c8e4767b1ec1770cd52f';
const LIST = `2616c4c14c509240aca941f9369343284c000000000000003000000050ab5d6046e00043abb63dd810dd8b23${DIGEST}`;

const owner = fc.uuid();
const signature: fc.Arbitrary<EfiSignature> = fc.oneof(
  fc.record({ type: fc.constant(EFI_CERT_SHA256), owner, data: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
  fc.record({ type: fc.constant(EFI_CERT_X509), owner, data: fc.uint8Array({ minLength: 1, maxLength: 90 }) }),
  fc.record({ type: fc.uuid(), owner, data: fc.uint8Array({ minLength: 1, maxLength: 9 }) }),
);
const plain = (signatures: readonly EfiSignature[]) => signatures.map(each => ({ ...each, data: [...each.data] }));

describe('EFI signature lists', () => {
  it('are written as efitools do, and read', () => {
    const one = { type: EFI_CERT_SHA256, owner: OWNER, data: Buffer.from(DIGEST, 'hex') };
    expect(Buffer.from(encodeSignatureLists([one])).toString('hex')).toBe(LIST);
    expect(plain(decodeSignatureLists(Buffer.from(LIST, 'hex')))).toEqual(plain([one]));
  });

  it('are read back, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(signature, { maxLength: 6 }), signatures => {
        expect(plain(decodeSignatureLists(encodeSignatureLists(signatures)))).toEqual(plain(signatures));
      }),
    );
  });

  it('hold digests together and each certificate alone', () => {
    const certificate = { type: EFI_CERT_X509, owner: OWNER, data: new Uint8Array(32) };
    const digest = { ...certificate, type: EFI_CERT_SHA256 };
    expect(encodeSignatureLists([digest, digest, digest])).toHaveLength(28 + 3 * 48);
    expect(encodeSignatureLists([certificate, certificate])).toHaveLength(2 * (28 + 48));
  });

  it.each([
    ['a head that is cut short', LIST.slice(0, 50)],
    ['a list that is cut short', LIST.slice(0, -2)],
    ['signatures without room for an owner', LIST.replace('30000000', '10000000')],
    ['signatures that do not fill the list', LIST.replace('30000000', '1f000000')],
    ['a header behind the end', LIST.replace('0000000030', 'ff00000030')],
  ])('with %s are refused', (_, hex) => {
    expect(() => decodeSignatureLists(Buffer.from(hex, 'hex'))).toThrow(FormatFault);
  });

  it('that are random bytes give values or FormatFault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        try {
          decodeSignatureLists(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatFault);
        }
      }),
    );
  });
});
