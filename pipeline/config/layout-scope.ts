/** What the rules of a layout are given besides it, and where they report. */
import type { Document } from './document.ts';
import type { Path } from './paths.ts';
import type { Diagnostic, Partition } from './types.ts';

export interface Scope {
  document: Document;
  /** False when a part of the layout has faults of its own: what is missing may stand there. */
  complete: boolean;
  /** Partitions from this index on stand where they do by their own `start` only: one before them has faults. */
  firstGap: number;
}

export type Report = (path: Path, message: string, hint?: string) => Diagnostic;

/** Where a key of a partition stands. */
export const at = (partition: Partition, ...rest: string[]): Path => ['partitions', partition.number - 1, ...rest];
