/** Two disk images side by side: which bytes of which partition differ. Memory stays at two windows, whatever the size. */
import type { Bytes } from '../formats/bytes.ts';
import { decodeGpt } from '../formats/gpt-read.ts';
import { presentSpans, type Span } from './copy-partition.ts';
import type { DiskImage } from './read.ts';
import { WINDOW } from './windows.ts';

export type ComparedImage = Pick<DiskImage, 'size' | 'sectorSize' | 'vhdx' | 'read'>;

/** Of one partition, or of what stands around partitions: the table, say. */
export interface DifferentPart {
  /** GPT name in the first image; empty for what is in no partition. */
  partition: string;
  /** Of the disk. */
  start: Bytes;
  end: Bytes;
  differences: Differences;
}

export interface Differences {
  /** Bytes that are not the same. */
  bytes: number;
  /** How many ranges there are … */
  count: number;
  /** … and the first of them, half open, from the start of the part. Closer ones than a sector are one. */
  ranges: Span[];
}

const SECTOR: Bytes = 512;
/** Ranges that are kept of each part. */
const KEPT = 8;

/**
 * Empty for disks of the same bytes; in the order of the first disk. What neither file carries is not read. Throws
 * FormatFault for a partition table or a container that cannot be read, and the reason of `signal`.
 */
export async function compareDisks(
  first: ComparedImage,
  second: ComparedImage,
  signal: AbortSignal,
): Promise<DifferentPart[]> {
  const found: DifferentPart[] = [];
  for (const part of await partsOf(first)) {
    const differences = await compareSpan(first, second, { part, signal });
    if (differences.count > 0) found.push({ ...part, differences });
  }
  if (first.size !== second.size) {
    const [start, end] = [Math.min(first.size, second.size), Math.max(first.size, second.size)];
    const differences = { bytes: end - start, count: 1, ranges: [{ start: 0, end: end - start }] };
    found.push({ partition: '', start, end, differences });
  }
  return found;
}

/** Every byte of the disk once: partitions, and what is between them. */
async function partsOf({ read, size, sectorSize }: ComparedImage): Promise<Omit<DifferentPart, 'differences'>[]> {
  const { partitions } = await decodeGpt(read, size, sectorSize);
  const parts: Omit<DifferentPart, 'differences'>[] = [];
  let done = 0;
  for (const { name, start, end } of partitions.toSorted((a, b) => a.start - b.start)) {
    if (start > done) parts.push({ partition: '', start: done, end: start });
    // Of partitions that overlap, which only a damaged table has, the rest of the second.
    if (end > Math.max(start, done)) parts.push({ partition: name, start: Math.max(start, done), end });
    done = Math.max(done, end);
  }
  if (done < size) parts.push({ partition: '', start: done, end: size });
  return parts;
}

async function compareSpan(
  first: ComparedImage,
  second: ComparedImage,
  { part, signal }: { part: Span; signal: AbortSignal },
): Promise<Differences> {
  const span = { start: part.start, end: Math.min(part.end, first.size, second.size) };
  const collect = collector();
  for await (const { start, end } of eitherPresent(first, second, span)) {
    for (let position = start; position < end; position += WINDOW) {
      signal.throwIfAborted();
      const length = Math.min(WINDOW, end - position);
      const [a, b] = await Promise.all([first.read(position, length), second.read(position, length)]);
      for (const each of differentRanges(a, b)) collect.add(each, position - part.start);
    }
  }
  return collect.differences();
}

/** What at least one of the two files carries, in order, each byte once. */
async function* eitherPresent(first: ComparedImage, second: ComparedImage, span: Span): AsyncGenerator<Span> {
  if (span.start >= span.end) return;
  const spans: Span[] = [];
  for (const image of [first, second]) for await (const each of presentSpans(image, span)) spans.push(clip(each, span));
  let done = span.start;
  for (const { start, end } of spans.sort((a, b) => a.start - b.start)) {
    if (end <= done) continue;
    yield { start: Math.max(start, done), end };
    done = end;
  }
}

function clip({ start, end }: Span, within: Span): Span {
  return { start: Math.max(start, within.start), end: Math.min(end, within.end) };
}

/** Of two buffers of one length: ranges of bytes that differ, each as long as it is. */
export function* differentRanges(a: Uint8Array, b: Uint8Array): Generator<Span, void, void> {
  if (Buffer.compare(a, b) === 0) return;
  for (let from = 0; from < a.length; from += SECTOR) {
    const to = Math.min(from + SECTOR, a.length);
    if (Buffer.compare(a.subarray(from, to), b.subarray(from, to)) === 0) continue;
    for (let at = from; at < to;) {
      if (a[at] === b[at]) {
        at += 1;
        continue;
      }
      const start = at;
      while (at < to && a[at] !== b[at]) at += 1;
      yield { start, end: at };
    }
  }
}

/** Joins what is close, and keeps the first ranges. */
export function collector(): { add: (range: Span, offset: Bytes) => void; differences: () => Differences } {
  const ranges: Span[] = [];
  let [bytes, count] = [0, 0];
  let last: Span | null = null;
  return {
    add(range, offset) {
      const [start, end] = [range.start + offset, range.end + offset];
      bytes += end - start;
      if (last !== null && start - last.end < SECTOR) {
        last.end = end;
        return;
      }
      last = { start, end };
      count += 1;
      if (ranges.length < KEPT) ranges.push(last);
    },
    differences: () => ({ bytes, count, ranges }),
  };
}
