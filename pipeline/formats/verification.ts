/** What `caisson verify` found out about a release: plain data, for JSON and for the report. */
import type { Bytes } from './bytes.ts';

export interface Verification {
  folder: string;
  image: string;
  version: string;
  trust: {
    /** SHA-256 of the public key as DER (SubjectPublicKeyInfo), hexadecimal. */
    keyid: string;
    /** File that the key was read from. */
    file: string;
    /** Who named the file. */
    from: 'option' | 'definition';
  };
  checks: Check[];
  /** Null: nobody asked for it. */
  rebuild: Rebuild | null;
}

export interface Check {
  name: string;
  /** `none`: the release has nothing of the kind. */
  result: 'ok' | 'fault' | 'none';
  /** What was looked at, in words. */
  evidence: string;
  /** All that is wrong; empty unless `result` is `fault`. */
  faults: string[];
}

export interface Rebuild {
  /** `identical`: every artifact. `unsigned`: all that comes before a signature, the keys are not here. */
  result: 'identical' | 'unsigned' | 'different';
  /** What the project here has otherwise than the release was made of. */
  materials: string[];
  /** Steps that were compared. */
  compared: number;
  /** The first step, in the order of the build, whose bytes differ; null for none. */
  step: DifferentStep | null;
  artifacts: DifferentArtifact[];
}

export interface DifferentStep {
  id: string;
  stage: string;
  /** Parts of its key that differ, in words; empty: the same parts gave other bytes. */
  parts: string[];
}

export interface DifferentArtifact {
  name: string;
  /** SHA-256 of the one and of the other; null for one that is not made here. */
  released: string;
  rebuilt: string | null;
  /** Of a disk: where. */
  places: DifferentPlace[];
}

export interface ByteRange {
  start: Bytes;
  /** Half open. */
  end: Bytes;
}

export interface DifferentPlace {
  /** GPT name; empty for what is in none. */
  partition: string;
  /** Of the disk. */
  start: Bytes;
  bytes: number;
  /** How many ranges there are, and the first of them, from the start of the partition. */
  count: number;
  ranges: ByteRange[];
  files: DifferentFile[];
}

export interface DifferentFile {
  path: string;
  /** `added`: only in what was built here; `removed`: only in the release. */
  change: 'added' | 'removed' | 'content' | 'attributes';
  /** Of its content: how many ranges differ, and the first of them. */
  count: number;
  ranges: ByteRange[];
}
