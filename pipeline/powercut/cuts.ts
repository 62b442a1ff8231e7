/** At which moments the power goes, and what the disk has done by then. */
import type { Bytes } from '../formats/bytes.ts';
import type { CutKind } from '../formats/powercut.ts';
import type { LogEntry } from '../formats/write-log.ts';

export interface Cut {
  kind: CutKind;
  /** Entries [0, after) of the log had been handed to the disk. */
  after: number;
  /** `torn`: how much of the last of them was done; else 0. */
  done: Bytes;
  /** `lossy`: those that the disk had not done, in order; else empty. */
  lost: readonly number[];
}

export interface CutOptions {
  entries: readonly LogEntry[];
  /** The power goes when [0, from) were done at the earliest, and [0, to) at the latest. */
  from: number;
  to: number;
  /** At least so many, unless there are not so many different ones. */
  count: number;
  /** Writes around which the power always goes. */
  critical(entry: LogEntry): boolean;
  /** Gives 0 <= n < `below`. */
  random(below: number): number;
}

/** What a disk writes whole or not at all, of any disk. */
const SECTOR: Bytes = 512;
const KINDS = ['clean', 'torn', 'lossy'] as const;
/** Draws that are in vain before there are taken to be no more. */
const MOST_IN_VAIN = 1000;

/**
 * The first and the last moment, those before and after each critical write, tears within these, and others at random:
 * a third of them clean, a third torn, a third lossy. In the order of the log.
 */
export function chooseCuts(options: CutOptions): Cut[] {
  const { entries, from, to, count, critical, random } = options;
  const chosen = new Map<string, Cut>();
  const add = (cut: Cut | null): void => {
    if (cut !== null) chosen.set(`${cut.kind} ${cut.after} ${cut.done} ${cut.lost.join()}`, cut);
  };
  const watched = entries.flatMap((entry, index) => (index >= from && index < to && critical(entry) ? [index] : []));
  for (const after of [from, to, ...watched.flatMap(index => [index, index + 1])]) add(clean(after));
  const tears = watched.flatMap(index => tearsOf(entries, index));
  for (let room = (count - chosen.size) / 2; room > 0 && tears.length > 0; room -= 1)
    add(tears.splice(random(tears.length), 1)[0] ?? null);
  for (let vain = 0; chosen.size < count && vain < MOST_IN_VAIN;) {
    const before = chosen.size;
    add(draw(options));
    vain = chosen.size === before ? vain + 1 : 0;
  }
  return [...chosen.values()].toSorted((a, b) => a.after - b.after);
}

/** Null where nothing can be torn or lost. */
function draw({ entries, from, to, random }: CutOptions): Cut | null {
  const kind = KINDS[random(KINDS.length)] ?? 'clean';
  const after = from + random(to - from + 1);
  if (kind === 'clean') return clean(after);
  if (kind === 'torn') {
    const tears = tearsOf(entries, after - 1);
    return after > from ? (tears[random(Math.max(tears.length, 1))] ?? null) : null;
  }
  const lost = losable(entries, after).filter(() => random(2) === 0);
  return lost.length === 0 ? null : { kind, after, done: 0, lost };
}

/** Writes that the disk has not been told to keep: it may have done them in any order. */
export function losable(entries: readonly LogEntry[], after: number): number[] {
  const found: number[] = [];
  for (let index = after - 1; index >= 0; index -= 1) {
    const entry = entries[index];
    if (entry === undefined) break;
    if (entry.start < entry.end && !entry.fua) found.unshift(index);
    if (entry.flush) break;
  }
  return found;
}

function clean(after: number): Cut {
  return { kind: 'clean', after, done: 0, lost: [] };
}

/** After each but the last sector of a write. */
function tearsOf(entries: readonly LogEntry[], index: number): Cut[] {
  const entry = entries[index];
  if (entry?.kind !== 'write') return [];
  const sectors = Math.ceil((entry.end - entry.start) / SECTOR);
  return Array.from({ length: Math.max(0, sectors - 1) }, (_, sector) => ({
    kind: 'torn' as const,
    after: index + 1,
    done: (sector + 1) * SECTOR,
    lost: [],
  }));
}
