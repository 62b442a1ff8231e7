/** Writes to where an update has nothing to write, whether the power goes or not. */
import type { Extent } from '../formats/fat-files.ts';
import { partitionLabel } from '../formats/inspection.ts';
import { type ReadAt, readFully } from '../formats/read-at.ts';
import type { LogEntry } from '../formats/write-log.ts';
import { partitionAt, slotOf, type CutSubject } from './subject.ts';

export interface StrayOptions {
  subject: CutSubject;
  active: string;
  /** Does the update bring a selector? Then its partitions may be written, and each cut is judged by what it leaves there. */
  selector: 'kept' | 'updated';
  /** The disk when the update began, and the log. */
  before: ReadAt;
  log: ReadAt;
}

/**
 * A sentence for each: all writes to the slot that runs, those of a selector that change more than its state (a page is
 * written for 1024 bytes of it), and those outside of all partitions.
 */
export async function findStrays(
  entries: readonly { entry: LogEntry; index: number }[],
  { subject, active, selector: wanted, before, log }: StrayOptions,
): Promise<string[]> {
  const { boot, root } = slotOf(subject, active);
  const strays: string[] = [];
  for (const { entry, index } of entries) {
    if (entry.kind === 'mark' || entry.start === entry.end) continue;
    const told = (what: string): void =>
      void strays.push(`entry ${index} of the log, [${entry.start}, ${entry.end}): ${what}`);
    const hit = [boot, root].find(each => overlap(entry, each));
    const selector =
      wanted === 'updated' ? undefined : subject.selectors.find(({ partition }) => overlap(entry, partition));
    if (hit !== undefined) told(`a ${entry.kind} to ${partitionLabel(hit)} of the slot that runs`);
    else if (partitionAt(subject, entry) === null) told(`a ${entry.kind} that is not within one partition`);
    else if (selector !== undefined && (await changesMore(entry, selector.state, { before, log })))
      told(`a ${entry.kind} to ${partitionLabel(selector.partition)} that changes more than the state`);
  }
  return strays;
}

async function changesMore(
  { kind, start, end, at }: LogEntry,
  state: readonly Extent[],
  { before, log }: Pick<StrayOptions, 'before' | 'log'>,
): Promise<boolean> {
  if (kind !== 'write') return true;
  const after = await readFully(log, 'what was written', { offset: at, length: end - start });
  const old = await before(start, end - start);
  return after.some((byte, index) => byte !== old[index] && !state.some(each => within(start + index, each)));
}

function overlap(a: Extent, b: Extent): boolean {
  return a.start < b.end && b.start < a.end;
}

function within(at: number, { start, end }: Extent): boolean {
  return at >= start && at < end;
}
