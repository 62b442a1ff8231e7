/** What a campaign of power cuts found: plain data, for the report file and the terminal. */
import type { Bytes } from './bytes.ts';

/**
 * `clean`: all that was handed to the disk was done. `torn`: the last write ends in the midst of it. `lossy`: of the writes
 * since the last flush some were not done, as disks with a cache may do them in any order.
 */
export const CUT_KINDS = ['clean', 'torn', 'lossy'] as const;
export type CutKind = (typeof CUT_KINDS)[number];

export interface Powercuts {
  /** Raised when a reader of the older form would read it wrongly. */
  format: 1;
  /** Name of the image's file, and of the slot that ran. */
  image: string;
  active: string;
  /** Whether the update was to bring one. */
  selector: 'kept' | 'updated';
  seed: number;
  /** Of the log: the power goes between these entries. */
  from: number;
  to: number;
  /** What the machine did between them. */
  writes: number;
  bytes: Bytes;
  flushes: number;
  /** No failure, nothing written that must not be. */
  passed: boolean;
  seconds: number;
  kinds: CutKindResult[];
  /** File systems that a machine repairs as it starts, each checked once for all cuts that leave it the same. */
  checks: CutCheck[];
  /** Writes to where nothing is to be written, whenever the power goes. */
  strays: string[];
  failures: CutFailure[];
}

export interface CutCheck {
  partition: string;
  /** Different ones. */
  states: number;
  /** Those in which more than a journal was to be done. */
  corrected: number;
  /** Those in which something is wrong afterwards, or a file is not what it was. */
  failed: number;
}

export interface CutKindResult {
  kind: CutKind;
  cuts: number;
  /** By what the machine starts. */
  old: number;
  new: number;
  failed: number;
}

export interface CutFailure {
  kind: CutKind;
  /** In words, to find it again. */
  cut: string;
  faults: string[];
}
