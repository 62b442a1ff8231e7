/** One flipped bit, and what became of it. */
import type { Bytes } from '../formats/bytes.ts';
import type { Extent } from '../formats/fat-files.ts';
import type { ReadAt } from '../formats/read-at.ts';
import type { TamperOutcome } from '../formats/tampering.ts';
import type { Check, ToolVerdict } from './check.ts';

export interface Flip {
  /** Of the virtual disk. */
  offset: Bytes;
  /** 0 is the lowest. */
  bit: number;
}

export interface Judgement {
  outcome: TamperOutcome;
  /** For people; few different ones a stratum. */
  why: string;
  /** What an independent program may say of it; null when none can tell. */
  expect: readonly ToolVerdict[] | null;
}

/** A part of the disk whose bits are judged in one way. */
export interface Place extends Extent {
  judge(flip: Flip): Promise<Judgement>;
  check: Check | null;
}

export interface Stratum {
  name: string;
  places: Place[];
  /** Why nothing is flipped here; empty when it is. */
  unprotected: string;
}

/** As `read`, with one bit the other way round. */
export function flipped(read: ReadAt, { offset, bit }: Flip): ReadAt {
  return async (from, length) => {
    const bytes = await read(from, length);
    if (offset < from || offset >= from + bytes.length) return bytes;
    const changed = new Uint8Array(bytes);
    changed[offset - from] = (changed[offset - from] ?? 0) ^ (1 << bit);
    return changed;
  };
}

/** As `read`, from `start` on. */
export function shifted(read: ReadAt, start: Bytes): ReadAt {
  return async (offset, length) => read(start + offset, length);
}
