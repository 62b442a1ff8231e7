/** What no reader reads, and what the machine writes itself. */
import type { Bytes } from '../formats/bytes.ts';
import type { Extent } from '../formats/fat-files.ts';
import { partitionLabel } from '../formats/inspection.ts';
import type { TamperSubject } from './subject.ts';
import type { Flip, Judgement, Stratum } from './trial.ts';

/** `read`: all strata that somebody reads. */
export function unusedStratum({ size }: TamperSubject, read: readonly Stratum[]): Stratum {
  const extents = joined(read.flatMap(({ places }) => places));
  const judge = async (flip: Flip): Promise<Judgement> => judgeUnread(extents, flip);
  return {
    name: 'unused space',
    unprotected: '',
    places: gaps(extents, size).map(extent => ({ ...extent, judge, check: null })),
  };
}

/** Partitions that are neither boot partition nor verified root, one stratum each: nothing in them is signed or hashed. */
export function writtenStrata(subject: TamperSubject, protectedStrata: readonly Stratum[]): Stratum[] {
  const starts = protectedStrata.flatMap(({ places }) => places.map(({ start }) => start));
  return subject.partitions
    .filter(({ content }) => content !== 'empty')
    .filter(({ start, end }) => !starts.some(at => at >= start && at < end))
    .map(partition => ({
      name: partitionLabel(partition),
      unprotected: 'the machine writes it, or nothing says what should stand there',
      places: [{ start: partition.start, end: partition.end, judge: judgeNothing, check: null }],
    }));
}

async function judgeUnread(extents: readonly Extent[], { offset }: Flip): Promise<Judgement> {
  const reader = extents.find(({ start, end }) => offset >= start && offset < end);
  return reader === undefined
    ? { outcome: 'harmless', why: 'no reader reads it', expect: null }
    : { outcome: 'failed', why: `it is read, in [${reader.start}, ${reader.end})`, expect: null };
}

async function judgeNothing(): Promise<Judgement> {
  throw new Error('flips in what is not protected are not judged');
}

/** In order, overlapping ones made one. */
function joined(extents: readonly Extent[]): Extent[] {
  const all: Extent[] = [];
  for (const { start, end } of extents.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else all.push({ start, end });
  }
  return all;
}

function gaps(extents: readonly Extent[], size: Bytes): Extent[] {
  const ends = [0, ...extents.map(({ end }) => end)];
  const starts = [...extents.map(({ start }) => start), size];
  return ends.map((start, index) => ({ start, end: starts[index] ?? size })).filter(({ start, end }) => start < end);
}
