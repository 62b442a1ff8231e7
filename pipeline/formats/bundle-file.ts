/** Where things stand in a bundle of RAUC's format "verity": [squashfs | hash tree | CMS | its length, u64 big endian]. */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { readFully, viewOf, type ReadAt } from './read-at.ts';

/** RAUC reads no longer one (MAX_BUNDLE_SIGNATURE_SIZE). */
export const MOST_SIGNATURE: Bytes = 64 * 2 ** 10;
const LENGTH: Bytes = 8;
/** Of a squashfs, little endian. */
const SQUASHFS = 'hsqs';

/** The CMS with the manifest in it, DER. Throws FormatFault for what is no bundle. */
export async function readBundleSignature(read: ReadAt, size: Bytes): Promise<Uint8Array> {
  const start = await readFully(read, 'the squashfs', { offset: 0, length: SQUASHFS.length });
  if (Buffer.from(start).toString('latin1') !== SQUASHFS) throw notABundle('it does not begin with a squashfs');
  if (size < SQUASHFS.length + LENGTH) throw notABundle(`it has ${size} bytes`);
  const end = await readFully(read, 'the length of the signature', { offset: size - LENGTH, length: LENGTH });
  const length = Number(viewOf(end).getBigUint64(0));
  if (length === 0 || length > MOST_SIGNATURE || length + LENGTH >= size)
    throw notABundle(`it does not end with a signature, but says that one has ${length} bytes`);
  return readFully(read, 'the signature', { offset: size - LENGTH - length, length });
}

function notABundle(what: string): FormatFault {
  return new FormatFault(
    `it is no bundle, or not all of one: ${what}`,
    'name a .raucb that `caisson build --bundle` made',
  );
}
