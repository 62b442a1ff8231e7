import { describe, expect, test } from 'vitest';
import { decodeBundle, isBundle } from '../../pipeline/formats/bundle.ts';
import type { ReadAt } from '../../pipeline/formats/read-at.ts';
import { describeBundle, drawBundle } from '../../pipeline/report/bundle.ts';
import { certificate, rsa, signedContent } from '../engine/signer/certificates.ts';

const BLOCK = 4096;
const pilot = rsa(2048);
const pem = certificate(pilot, { from: '20240101000000Z', to: '20250101000000Z', extensions: [] });
const MANIFEST = `[update]
compatible=reef
version=7.3
description=Keel \\\\ sail
build=2015-10-10T02:34:04Z

[bundle]
format=verity
verity-hash=aa
verity-size=8192

[image.sys]
filename=sys.img
sha256=cc
size=1048576

[image.kern]
filename=kern.img
sha256=dd
size=2048

[meta.caisson]
version=7.3
downgrade=allow
size-sys=1048576
`;

/** Two blocks of payload, then `signature` and its length. */
function bundleOf(signature: Buffer, length = signature.length): Buffer {
  const end = Buffer.alloc(8);
  end.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(2 * BLOCK - 4), signature, end]);
}

const reading =
  (bytes: Buffer): ReadAt =>
  async (offset, length) =>
    bytes.subarray(offset, offset + length);

const signed = (text = MANIFEST): Buffer => signedContent(pilot, { pem, content: Buffer.from(text) });
const isOne = async (bytes: Buffer): Promise<boolean> => isBundle(reading(bytes), bytes.length);
const decoded = async (bytes: Buffer) => describeBundle(await decodeBundle(reading(bytes), bytes.length));

describe('a bundle', () => {
  test('is known by how it begins and ends', async () => {
    expect(await isOne(bundleOf(signed()))).toBe(true);
    expect(await isOne(bundleOf(Buffer.alloc(2 ** 16)))).toBe(true);
  });

  test.each<[string, Buffer]>([
    ['a plain squashfs', Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(3 * BLOCK)])],
    ['of something else', Buffer.concat([Buffer.from('XFSB'), bundleOf(signed()).subarray(4)])],
    ['with a signature that RAUC would not read', bundleOf(Buffer.alloc(2 ** 16 + 1))],
    ['with a length beyond its start', bundleOf(signed(), 60_000)],
    ['that ends early', Buffer.from('hsqs')],
  ])('is not one %s', async (_, bytes) => expect(await isOne(bytes)).toBe(false));

  test('that was cut since cannot be read', async () => {
    const bytes = bundleOf(signed()).subarray(0, -1);
    await expect(decodeBundle(reading(bytes), bytes.length)).rejects.toThrow('is no bundle, or not all of one');
  });

  test('tells what it is for, what it brings, and who signed that', async () => {
    expect(await decoded(bundleOf(signed()))).toEqual({
      compatible: 'reef',
      version: '7.3',
      description: String.raw`Keel \ sail`,
      images: [
        { content: 'sys', file: 'sys.img', bytes: 2 ** 20, sha256: 'cc' },
        { content: 'kern', file: 'kern.img', bytes: 2048, sha256: 'dd' },
      ],
      selector: null,
      rootHash: '',
      downgrade: 'allow',
      from: null,
      certificates: [
        {
          name: 'pilot',
          from: '2024-01-01',
          to: '2025-01-01',
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      ],
      faults: [],
    });
  });

  test('with a manifest that was changed has a fault', async () => {
    const bytes = bundleOf(signed());
    bytes[bytes.indexOf('compatible=reef') + 11] = 'R'.charCodeAt(0);
    const found = await decoded(bytes);
    expect(found).toMatchObject({
      compatible: 'Reef',
      faults: ['the signature does not hold: it is not by the key of its certificate'],
    });
    expect(drawBundle({ file: 'x.raucb', size: 2 ** 21, found }, { width: 80, color: false }).split('\n')).toEqual([
      'x.raucb: update of Reef to 7.3, 2 MiB',
      String.raw`  about      Keel \ sail`,
      '  sys        1 MiB, sha256 cc',
      '  kern       2 KiB, sha256 dd',
      '  selector   none',
      '  downgrade  allow',
      '  signed     pilot, valid from 2024-01-01 to 2025-01-01',
      'FAULT: the signature does not hold: it is not by the key of its certificate',
    ]);
  });
});
