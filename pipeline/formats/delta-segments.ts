/** Which part of the base each segment of a result is compared with. Pure. */
import type { Bytes } from './bytes.ts';
import type { Segment } from './slot-delta.ts';

/** Of the digests below. Files that did not change are moved by whole blocks only. */
export const DELTA_BLOCK: Bytes = 4096;

/** A megabyte more is 1 MiB more in the machine's memory, and shortens no difference that was measured (decision 0022). */
const SEGMENT: Bytes = 4 * 2 ** 20;
/** What the part of the base has more than the segment, before it and behind it. */
const MARGIN: Bytes = 4 * 2 ** 20;

/**
 * `base` and `result`: a digest of each block, and how many bytes they are. A segment is compared with the bytes at its
 * own place, moved by as much as most of its blocks were; with the same move as the one before when it has none of them.
 */
export function deltaSegments(
  base: { blocks: readonly string[]; bytes: Bytes },
  result: { blocks: readonly string[]; bytes: Bytes },
): Segment[] {
  const places = uniquePlaces(base.blocks);
  const segments: Segment[] = [];
  let move = 0;
  for (let at = 0; at < result.bytes; at += SEGMENT) {
    const bytes = Math.min(SEGMENT, result.bytes - at);
    move = usualMove(result.blocks, { from: at / DELTA_BLOCK, to: (at + bytes) / DELTA_BLOCK, places }) ?? move;
    segments.push({ bytes, base: partOf(base.bytes, at + move * DELTA_BLOCK - MARGIN) });
  }
  return segments;
}

/** Block -> its index, for those that stand at one place only: of zeros nobody knows where they came from. */
function uniquePlaces(blocks: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  const again = new Set<string>();
  for (const [index, block] of blocks.entries()) {
    if (places.has(block)) again.add(block);
    places.set(block, index);
  }
  for (const block of again) places.delete(block);
  return places;
}

/** The median: some blocks of a segment came from far away. In blocks; null where none is known. */
function usualMove(
  blocks: readonly string[],
  { from, to, places }: { from: number; to: number; places: ReadonlyMap<string, number> },
): number | null {
  const moves: number[] = [];
  for (let index = from; index < to; index += 1) {
    const place = places.get(blocks[index] ?? '');
    if (place !== undefined) moves.push(place - index);
  }
  return moves.toSorted((a, b) => a - b)[Math.floor(moves.length / 2)] ?? null;
}

/** As long as a segment and its margins, moved into the base, and cut where the base is shorter. */
function partOf(length: Bytes, wanted: Bytes): Segment['base'] {
  const bytes = Math.min(SEGMENT + 2 * MARGIN, length);
  return { at: Math.max(0, Math.min(wanted, length - bytes)), bytes };
}
