import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  authenticodeDigest,
  authenticodeRanges,
  measuredDigest,
  readSignatures,
  type AuthenticodeSignature,
} from '../../pipeline/formats/authenticode.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { made, poke, spyOn } from './made.ts';

/** "Calculated message digest" of `osslsigncode verify`, of each file signed by it and by sbsign: they agree. */
const DIGESTS = {
  uki: 'bb11757c4c059e0740c8bf646fa01b656780bdf52a5b952fc7145b3803ee5b78',
  addon: '00abda768b8696d9c2c4ea535cbcd1d2e372969b10119a25de7484251e27bce8',
  /** uki.img with "tail" behind it: 4 bytes more are needed for a multiple of 8. */
  odd: '1698360df2a350e875232e58e346ea8ca360aafff718248d9bfa9c189c729b88',
};

/** Places in uki.img, by the documents, as in pe.test.ts. */
const view = new DataView(made('uki').buffer);
const OPTIONAL = view.getUint32(60, true) + 24;
const SECTIONS = OPTIONAL + view.getUint16(OPTIONAL - 4, true);
const CERTIFICATES = OPTIONAL + 112 + 4 * 8;
const TABLE = made('uki').length;

const digest = (bytes: Uint8Array): Promise<string> => authenticodeDigest(spyOn(bytes).read, bytes.length);
const signatures = (bytes: Uint8Array): Promise<AuthenticodeSignature[]> =>
  readSignatures(spyOn(bytes).read, bytes.length);
const odd = (): Uint8Array => Buffer.concat([made('uki'), Buffer.from('tail')]);

describe('authenticodeDigest', () => {
  it.each(['uki', 'addon'] as const)('is that of osslsigncode and sbsign for %s', async name => {
    expect(await digest(made(name))).toBe(DIGESTS[name]);
  });

  it('pads what is behind the sections to 8 bytes, as they do; firmware measures it as it is', async () => {
    expect(await digest(odd())).toBe(DIGESTS.odd);
    expect(await measuredDigest(spyOn(odd()).read, odd().length)).not.toBe(DIGESTS.odd);
    const padded = Buffer.concat([odd(), Buffer.alloc(4)]);
    expect(await measuredDigest(spyOn(padded).read, padded.length)).toBe(DIGESTS.odd);
  });

  it('is not changed by signatures', async () => {
    expect(await digest(made('uki-signed'))).toBe(DIGESTS.uki);
    expect(await measuredDigest(spyOn(made('uki-signed')).read, made('uki-signed').length)).toBe(DIGESTS.uki);
  });

  it('leaves out checksum, certificate entry and certificates, and no other byte', async () => {
    const bytes = made('uki-signed');
    const left = (at: number): boolean =>
      (at >= OPTIONAL + 64 && at < OPTIONAL + 68) || (at >= CERTIFICATES && at < CERTIFICATES + 8) || at >= TABLE;
    const covered = await authenticodeRanges(spyOn(bytes).read, bytes.length);
    const hashed = new Uint8Array(bytes.length);
    for (const { offset, size } of covered) hashed.fill(1, offset, offset + size);
    expect([...hashed].every((each, at) => (each === 1) !== left(at))).toBe(true);
    expect(covered.reduce((sum, { size }) => sum + size, 0)).toBe(TABLE - 12);
  });

  it('takes sections in the order of their data, not of the table', async () => {
    const sound = made('uki');
    const swapped = new Uint8Array(sound);
    swapped.copyWithin(SECTIONS, SECTIONS + 40, SECTIONS + 80);
    swapped.set(sound.subarray(SECTIONS, SECTIONS + 40), SECTIONS + 40);
    const ranges = async (bytes: Uint8Array) => authenticodeRanges(spyOn(bytes).read, bytes.length);
    expect(await ranges(swapped)).toEqual(await ranges(sound));
  });

  it('reads by the MiB', async () => {
    const large = Buffer.concat([made('uki'), Buffer.alloc(3 * 2 ** 20)]);
    const spy = spyOn(large);
    await authenticodeDigest(spy.read, large.length);
    expect(spy.most()).toBe(2 ** 20);
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'signatures before the end',
      Buffer.concat([made('uki-signed'), Buffer.alloc(8)]),
      /signatures end at 14320, the file at 14328/,
    ],
    [
      'headers behind the end',
      poke(made('uki'), { at: OPTIONAL + 60, value: 12_000, width: 4 }),
      /headers end at 12000/,
    ],
    [
      'headers that end before their fields',
      poke(made('uki'), { at: OPTIONAL + 60, value: 64, width: 4 }),
      /headers of 64 bytes/,
    ],
    [
      'sections counted twice',
      poke(made('uki'), { at: SECTIONS + 16, value: 9000, width: 4 }),
      /its sections have \d+ bytes, the file has 11264/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(digest(bytes)).rejects.toThrow(message);
    await expect(digest(bytes)).rejects.toThrow(FormatFault);
  });
});

describe('readSignatures', () => {
  it('finds both sound, by the certificate that sbverify --list shows', async () => {
    const found = await signatures(made('uki-signed'));
    expect(found.map(({ digest, fault }) => ({ digest, fault }))).toEqual([
      { digest: { algorithm: 'sha256', value: DIGESTS.uki }, fault: null },
      { digest: { algorithm: 'sha256', value: DIGESTS.uki }, fault: null },
    ]);
    const subjects = found.flatMap(each => each.certificates.map(der => new X509Certificate(der).subject));
    expect(subjects).toEqual(['CN=reef', 'CN=reef']);
  });

  it('finds none in a file without', async () => {
    expect(await signatures(made('uki'))).toEqual([]);
  });

  it('names both digests for a program that was changed', async () => {
    const [first] = await signatures(poke(made('uki-signed'), { at: 0x1a00, value: 0x6a, width: 1 }));
    expect(first?.fault).toMatch(new RegExp(`^it is for another program: ${DIGESTS.uki}, not [0-9a-f]{64}$`));
  });

  it('sees every changed bit of a signature that matters, and throws for none', async () => {
    const sound = made('uki-signed');
    const first = new DataView(sound.buffer).getUint32(TABLE, true);
    const [before] = await signatures(sound);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: TABLE + 8, max: TABLE + first - 1 }), fc.nat(7), async (at, bit) => {
        const [now] = await signatures(poke(sound, { at, value: (sound[at] ?? 0) ^ (1 << bit), width: 1 }));
        // Versions and lists of algorithms are not signed; what is said of digest and signer then is the same.
        if (now?.fault === null) {
          expect(now.digest).toEqual(before?.digest);
          const [key, same] = [now, before].map(each => new X509Certificate(each?.certificates[0] ?? '').publicKey);
          expect(key?.equals(same ?? key)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each<[string, string, RegExp]>([
    ['the digest', DIGESTS.uki, /it is for another program/],
    ['its content type', '060a2b060104018237020104', /it signs something else/],
    ['what is signed beside the digest', '060a2b06010401823702010f', /it was made for other content/],
    ['what holds the digest', '0609608648016503040201050004', /the digest has tag 0x14/],
  ])('tells a change of %s', async (_, pattern, message) => {
    const bytes = made('uki-signed');
    const at = Buffer.from(bytes).indexOf(Buffer.from(pattern, 'hex'), TABLE) + pattern.length / 2 - 1;
    const found = await signatures(poke(bytes, { at, value: (bytes[at] ?? 0) ^ 0x10, width: 1 }));
    expect(found.map(({ fault }) => fault).some(fault => fault !== null && message.test(fault))).toBe(true);
  });

  it('tells a signature that is not by the key of its certificate', async () => {
    const bytes = made('uki-signed');
    const end = TABLE + new DataView(bytes.buffer).getUint32(TABLE, true);
    // The value of the signature ends what is not padding.
    const at = Buffer.from(bytes.subarray(0, end)).findLastIndex(byte => byte !== 0);
    const [first, second] = await signatures(poke(bytes, { at, value: (bytes[at] ?? 0) ^ 1, width: 1 }));
    expect(first?.fault).toBe('it is not by the key of its certificate');
    expect(second?.fault).toBeNull();
  });
});
