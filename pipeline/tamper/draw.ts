/** Which bits of a stratum are flipped. */
import { seededNumbers } from './random.ts';
import type { Flip, Place, Stratum } from './trial.ts';

/** `count` bits, each with the place it is in. A stratum of fewer bits is walked from its first to its last, and again. */
export function* drawFlips(
  { name, places }: Pick<Stratum, 'name' | 'places'>,
  { count, seed }: { count: number; seed: number },
): Generator<{ flip: Flip; place: Place }> {
  const bits = bytesOf(places) * 8;
  const number = seededNumbers(seed, `flips\0${name}`);
  if (bits === 0) return;
  for (let index = 0; index < count; index += 1) yield bitAt(places, bits <= count ? index % bits : number(bits));
}

export function bytesOf(places: readonly Place[]): number {
  return places.reduce((sum, { start, end }) => sum + end - start, 0);
}

function bitAt(places: readonly Place[], index: number): { flip: Flip; place: Place } {
  let left = Math.floor(index / 8);
  for (const place of places) {
    const length = place.end - place.start;
    if (left < length) return { flip: { offset: place.start + left, bit: index % 8 }, place };
    left -= length;
  }
  throw new RangeError(`no bit ${index}`);
}
