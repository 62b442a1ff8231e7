/** What `caisson prove` found: plain data, for prove.json and for the reports. */
import type { Bytes } from './bytes.ts';

export interface Proof {
  /** Raised when a reader of the older form would read it wrongly. */
  format: 1;
  image: string;
  version: string;
  file: { name: string; bytes: Bytes; sha256: string; sha256After: string };
  /** True when every picked claim was proven and the file is the same as before. */
  passed: boolean;
  /** Of wall time, all in all. */
  seconds: number;
  host: { accelerator: 'kvm' | 'tcg'; cpus: number; memoryMiB: number; node: string; network: string };
  boots: ProvenBoot[];
  claims: ProvenClaim[];
}

export interface ProvenBoot {
  scenario: string;
  /** Wall time since power-on or reset; null when it was not seen. */
  kernelSeconds: number | null;
  initSeconds: number | null;
  readySeconds: number | null;
}

export type Verdict = 'passed' | 'failed' | 'bug' | 'not tried';

export interface ProvenClaim {
  name: string;
  promise: string;
  scenario: string;
  tried: string;
  verdict: Verdict;
  facts: ProvenFact[];
  /** Why it failed or was not tried, where facts do not say; the stack of a bug. Empty otherwise. */
  reason: string;
  seconds: number;
}

/** One thing that was seen, and whether it is what the claim promises. */
export interface ProvenFact {
  fits: boolean;
  text: string;
}
