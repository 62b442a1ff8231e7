/** All cuts of one update: each disk that they leave, judged. */
import { CUT_KINDS, type CutFailure, type CutKind, type CutKindResult } from '../formats/powercut.ts';
import type { LogEntry } from '../formats/write-log.ts';
import { chooseCuts, type Cut } from './cuts.ts';
import { judgeStart, type CutJudgement, type DiskContents, type Versions } from './judge.ts';
import { statesOf } from './states.ts';
import type { CutSubject } from './subject.ts';
import type { Pieces } from './written-disk.ts';

export interface CampaignOptions {
  entries: readonly LogEntry[];
  from: number;
  to: number;
  subject: CutSubject;
  versions: Versions;
  count: number;
  random(below: number): number;
  signal: AbortSignal;
  contents(pieces: Pieces): DiskContents;
  /** What is wrong with the file systems that the machine writes, for this disk. */
  check(pieces: Pieces): Promise<string[]>;
  onCut(done: number, all: number): void;
}

export interface CampaignResult {
  kinds: CutKindResult[];
  failures: CutFailure[];
}

/** The first cut must leave the old version, the last one the new: else nothing was updated. */
export async function runCuts(options: CampaignOptions): Promise<CampaignResult> {
  const { entries, from, to, subject, versions, signal, contents, check, onCut } = options;
  const kinds = CUT_KINDS.map((kind): CutKindResult => ({ kind, cuts: 0, old: 0, new: 0, failed: 0 }));
  const failures: CutFailure[] = [];
  const state = subject.selectors.map(({ partition }) => partition);
  const critical = (entry: LogEntry): boolean => state.some(({ start, end }) => entry.start < end && entry.end > start);
  const cuts = chooseCuts({ ...options, critical });
  let done = 0;
  for (const { cut, pieces } of statesOf(cuts, entries)) {
    signal.throwIfAborted();
    const judgement = await judgeStart(contents(pieces), { subject, versions });
    const expected = cut.kind !== 'clean' ? null : cut.after === to ? 'new' : cut.after === from ? 'old' : null;
    const faults = [...judgement.faults, ...unexpected(judgement, expected), ...(await check(pieces))];
    count(kinds, cut.kind, { ...judgement, faults });
    if (faults.length > 0) failures.push({ kind: cut.kind, cut: describe(cut), faults });
    done += 1;
    onCut(done, cuts.length);
  }
  return { kinds, failures };
}

function unexpected({ version }: CutJudgement, expected: 'old' | 'new' | null): string[] {
  if (expected === null || version === null || version === expected) return [];
  return expected === 'new'
    ? ['the update is over, and the old version still starts']
    : ['the update has not begun, and another version starts'];
}

function count(kinds: CutKindResult[], kind: CutKind, { version, faults }: CutJudgement): void {
  const result = kinds.find(each => each.kind === kind);
  if (result === undefined) return;
  result.cuts += 1;
  if (version !== null) result[version] += 1;
  if (faults.length > 0) result.failed += 1;
}

/** Enough to make the same disk again. */
export function describe({ kind, after, done, lost }: Cut): string {
  if (kind === 'torn') return `after ${done} bytes of entry ${after - 1}`;
  if (kind === 'lossy') return `after entry ${after - 1}, without ${lost.join(', ')}`;
  return after === 0 ? 'before entry 0' : `after entry ${after - 1}`;
}
