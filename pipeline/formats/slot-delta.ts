/**
 * What a slot holds, told by what another one holds. A header of text, then the differences of its segments, one behind
 * the other, each as xdelta3 writes it (VCDIFF, RFC 3284). `apply-delta` of the machine reads it by a shell:
 *
 *     caisson-delta 1
 *     base BYTES SHA256        what runs must begin with
 *     result BYTES SHA256
 *     segment BYTES BASE_AT BASE_BYTES DELTA_BYTES      in the order of the result
 *     end BYTES                of this header, which is filled with line ends
 *
 * Each segment needs a part of the base only, so that no machine must hold more than that in memory (decision 0022).
 */
import type { Bytes } from './bytes.ts';

/** How many bytes something has, and what they are. */
export interface Digested {
  bytes: Bytes;
  /** Hexadecimal. */
  sha256: string;
}

/** A piece of the result, and the part of the base that its difference is made from. */
export interface Segment {
  bytes: Bytes;
  base: { at: Bytes; bytes: Bytes };
}

export interface SlotDelta {
  base: Digested;
  result: Digested;
  segments: readonly (Segment & { delta: Bytes })[];
}

/** The header is as long as it says, a multiple of this. */
const BLOCK: Bytes = 4096;

export function encodeSlotDelta(delta: SlotDelta): Buffer {
  for (let length = BLOCK; ; length += BLOCK) {
    const text = headerText(delta, length);
    if (text.length <= length) return Buffer.from(text.padEnd(length, '\n'));
  }
}

function headerText({ base, result, segments }: SlotDelta, length: Bytes): string {
  const lines = [
    'caisson-delta 1',
    `base ${base.bytes} ${base.sha256}`,
    `result ${result.bytes} ${result.sha256}`,
    ...segments.map(each => `segment ${each.bytes} ${each.base.at} ${each.base.bytes} ${each.delta}`),
    `end ${length}`,
  ];
  return `${lines.join('\n')}\n`;
}
