/** What stands on a selector's partition: the programs, and the state that they read. */
import { createHash } from 'node:crypto';
import { readExtents } from '../formats/fat-files.ts';
import type { InspectedPartition } from '../formats/inspection.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { fatLayoutOf } from '../tamper/fat-layout.ts';
import { MOST_STATE, stateFile } from '../tamper/state.ts';
import { shifted } from '../tamper/trial.ts';

export interface SelectorContent {
  /** Null where the state's file is missing. */
  state: Uint8Array | null;
  /** Of all of the partition but the state, hexadecimal. */
  sha256: string;
}

/** Null for a partition that firmware takes for no FAT, and passes over. */
export async function readSelector(
  read: ReadAt,
  { start, end }: Pick<InspectedPartition, 'start' | 'end'>,
): Promise<SelectorContent | null> {
  const own = shifted(read, start);
  const layout = await fatLayoutOf(own);
  if (layout === null) return null;
  const file = stateFile({ layout });
  const state = file === null ? null : await readExtents(own, file.extents, MOST_STATE);
  const rest = Uint8Array.from(await own(0, end - start));
  for (const extent of file?.extents ?? []) rest.fill(0, extent.start, extent.end);
  return { state, sha256: createHash('sha256').update(rest).digest('hex') };
}
