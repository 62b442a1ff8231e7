/** What `caisson prove --tamper` found: plain data, for the report file and the terminal. */
import type { Bytes } from './bytes.ts';

/**
 * `harmless`: nobody reads the bit, or it decides nothing. `corrected`: the right bytes are read all the same. `refused`:
 * nothing starts, or the read fails. `fell back`: another copy or slot is used. `unprotected`: it has an effect, and the
 * image does not promise otherwise. `failed`: a wrong byte would be used unnoticed.
 */
export const TAMPER_OUTCOMES = ['harmless', 'corrected', 'refused', 'fell back', 'unprotected', 'failed'] as const;
export type TamperOutcome = (typeof TAMPER_OUTCOMES)[number];

export interface Tampering {
  /** Raised when a reader of the older form would read it wrongly. */
  format: 1;
  file: { name: string; bytes: Bytes; sha256: string; sha256After: string };
  seed: number;
  /** Trials in each stratum. */
  trials: number;
  /** Nothing failed, no tool disagreed, the file is the same as before. */
  passed: boolean;
  seconds: number;
  /** Judged by our own reader, without the programs that repeat some. */
  trialsPerSecond: number;
  strata: TamperStratum[];
  /** Trials that were repeated with an independent program on a flipped copy. */
  repeated: { tool: string; trials: number }[];
  /** Where it says something else; empty when they agree. */
  disagreements: TamperedBit[];
  failures: TamperedBit[];
  boots: TamperBoot[];
}

export interface TamperStratum {
  name: string;
  bytes: Bytes;
  trials: number;
  /** Trials that were repeated with a program. */
  repeated: number;
  outcomes: Record<TamperOutcome, number>;
  /** Most frequent first. */
  reasons: { outcome: TamperOutcome; why: string; trials: number }[];
  /** Why nothing was flipped; empty when it was. */
  unprotected: string;
}

export interface TamperedBit {
  stratum: string;
  offset: Bytes;
  bit: number;
  outcome: TamperOutcome;
  why: string;
}

export interface TamperBoot extends TamperedBit {
  /** What the machine did, in words. */
  seen: string;
  fits: boolean;
  seconds: number;
}
