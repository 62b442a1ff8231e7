import { expect, test } from 'vitest';
import { readBundleSignature } from '../../pipeline/formats/bundle-file.ts';
import type { ReadAt } from '../../pipeline/formats/read-at.ts';

const SIGNATURE = Buffer.from('cms of a galleon');

function bundleOf({ start = 'hsqs', length = SIGNATURE.length }: { start?: string; length?: number } = {}): Buffer {
  const end = Buffer.alloc(8);
  end.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from(start), Buffer.alloc(9000, 7), SIGNATURE, end]);
}

async function signatureOf(bytes: Buffer): Promise<string> {
  const read: ReadAt = async (offset, length) => bytes.subarray(Math.max(0, offset), Math.max(0, offset) + length);
  return Buffer.from(await readBundleSignature(read, bytes.length)).toString();
}

test('the signature stands behind the images, before its length', async () =>
  expect(await signatureOf(bundleOf())).toBe('cms of a galleon'));

test.each([
  ['another file', bundleOf({ start: 'conn' }), /it does not begin with a squashfs/],
  ['a cut one', bundleOf().subarray(0, 5000), /does not end with a signature/],
  ['a signature longer than RAUC reads', bundleOf({ length: 65_537 }), /says that one has 65537 bytes/],
  ['a signature longer than the file', bundleOf({ length: 9020 }), /says that one has 9020 bytes/],
  ['an empty signature', bundleOf({ length: 0 }), /says that one has 0 bytes/],
  ['a file that ends before any length', Buffer.from('hsqs'), /not all of one: it has 4 bytes/],
  ['an empty file', Buffer.alloc(0), /truncated: the squashfs/],
])('%s is no bundle', async (_, bytes, message) => expect(signatureOf(bytes)).rejects.toThrow(message));
