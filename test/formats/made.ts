/** Images that other programs made (made/make.sh), and a reader that counts what is asked of it. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ReadAt } from '../../pipeline/formats/read-at.ts';

const unpacked = new Map<string, Uint8Array>();

/** A copy of its own: tests damage it. */
export function made(name: string): Uint8Array {
  const known = unpacked.get(name) ?? gunzipSync(readFileSync(new URL(`./made/${name}.img.gz`, import.meta.url)));
  unpacked.set(name, known);
  return new Uint8Array(known);
}

export interface Spy {
  read: ReadAt;
  /** Bytes asked for so far. */
  total: () => number;
  /** The most at once. */
  most: () => number;
}

/** Reads of a file in memory: fewer bytes where it ends, as ReadAt says. */
export function spyOn(bytes: Uint8Array): Spy {
  let [total, most] = [0, 0];
  return {
    read: async (offset, length) => {
      total += length;
      most = Math.max(most, length);
      return bytes.subarray(offset, offset + length);
    },
    total: () => total,
    most: () => most,
  };
}

/** `bytes` with a little-endian number put in at `at`. */
export function poke(
  bytes: Uint8Array,
  { at, value, width }: { at: number; value: number; width: 1 | 2 | 4 },
): Uint8Array {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  if (width === 1) view.setUint8(at, value);
  else if (width === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return copy;
}
