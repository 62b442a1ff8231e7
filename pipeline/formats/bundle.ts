/** What an update bundle says of itself: the signed manifest, and by whom. */
import { readBundleSignature } from './bundle-file.ts';
import { decodeBundleManifest, type ReadManifest } from './bundle-manifest-read.ts';
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import type { ReadAt } from './read-at.ts';
import { decodeSignedContent, type SignedContent } from './signed-data.ts';

export interface Bundle {
  manifest: ReadManifest;
  /** Its certificates, and whether it holds; not, whether anybody trusts them. */
  signature: Omit<SignedContent, 'content'>;
}

/** Does a file begin as one, and end so that it could be? */
export async function isBundle(read: ReadAt, size: Bytes): Promise<boolean> {
  try {
    await readBundleSignature(read, size);
    return true;
  } catch (error) {
    if (error instanceof FormatFault) return false;
    throw error;
  }
}

/** Throws FormatFault for what cannot be read. The payload is not looked at. */
export async function decodeBundle(read: ReadAt, size: Bytes): Promise<Bundle> {
  const { content, ...signature } = decodeSignedContent(await readBundleSignature(read, size));
  return { manifest: decodeBundleManifest(Buffer.from(content).toString('utf8')), signature };
}
