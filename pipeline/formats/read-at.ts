/** Reading parts of a file or disk that doesn't fit in memory. */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';

/** Resolves to the bytes [offset, offset + length); to fewer only where the source ends. */
export type ReadAt = (offset: Bytes, length: Bytes) => Promise<Uint8Array>;

/** As `read`, but a source that ends early is a FormatFault which names `what` was wanted. */
export async function readFully(
  read: ReadAt,
  what: string,
  { offset, length }: { offset: Bytes; length: Bytes },
): Promise<Uint8Array> {
  const bytes = await read(offset, length);
  if (bytes.length === length) return bytes;
  throw new FormatFault(
    `truncated: ${what} should be at [${offset}, ${offset + length}), the source ends at ${offset + bytes.length}`,
    'copy the file again, and compare its size and checksum with those published',
  );
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Little endian u64. Exact up to 2^53; greater values, only found in damaged files, lose their low bits. */
export function readU64(bytes: Uint8Array, offset: number): number {
  return Number(viewOf(bytes).getBigUint64(offset, true));
}
