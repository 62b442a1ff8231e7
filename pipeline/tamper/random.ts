/** Numbers that a seed decides: SHA-256 of the seed, a name and a counter. */
import { createHash } from 'node:crypto';

/** Calls give 0 <= n < `below`, evenly but for 2^-48; `below` is at most 2^48. */
export function seededNumbers(seed: number, name: string): (below: number) => number {
  let counter = 0;
  return below => {
    const digest = createHash('sha256').update(`${seed}\0${name}\0${counter}`).digest();
    counter += 1;
    return Number((BigInt(digest.readUIntBE(0, 6)) * BigInt(below)) >> 48n);
  };
}
