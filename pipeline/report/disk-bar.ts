/** Which columns of the drawn disk belong to which partition: of a terminal, or pixels of an SVG. Pure. */
import type { ReportPartition } from '../formats/build-report.ts';
import { formatSize, type Bytes } from '../formats/bytes.ts';
import { apportion } from './apportion.ts';
import type { Style } from './paint.ts';
import { count, plainText } from './text.ts';

/** `used`: absent or null when nobody has looked, as for a layout. */
export interface DrawnPartition extends Omit<ReportPartition, 'used'> {
  used?: number | null;
}

export interface DrawnDisk {
  title: string;
  size: Bytes;
  sectorSize: Bytes;
  partitions: readonly DrawnPartition[];
}

export interface Segment {
  /** Null for room without a partition. */
  partition: DrawnPartition | null;
  /** Columns of the bar, walls included. */
  columns: number;
  widened: boolean;
  /** Texts for the first row, the longest first; the last is the shortest. */
  labels: readonly string[];
  sizes: readonly string[];
  /** Share in use, 0..1; null when unknown. */
  used: number | null;
  tone: Style;
}

/** Of the slots in their order. Blue, amber and green are told apart with any colour blindness. */
const TONES = ['cyan', 'yellow', 'magenta'] as const;
const NO_SLOT = 'green';

/**
 * Segments from left to right whose columns add up to `width`, each at least `wanted` columns while there is room for
 * that, and one in any case. Room without a partition has a segment when its share is a visible one. `partitions` are
 * in order of start. Null when there are too many for the width, or none.
 */
export function layOutBar(
  { size, partitions }: { size: Bytes; partitions: readonly DrawnPartition[] },
  { width, least: wanted }: { width: number; least: number },
): Segment[] | null {
  const bare = withGaps(size, partitions).filter(
    ({ partition, bytes }) => partition !== null || (bytes / size) * width >= wanted,
  );
  // The right-hand wall costs the last segment one column more than the others.
  const room = width - 1;
  const least = Math.min(wanted, Math.floor(room / bare.length));
  if (bare.length === 0 || least < 1) return null;
  const shares = apportion(
    bare.map(({ bytes }) => bytes),
    room,
    least,
  );
  const slots = [...new Set(partitions.flatMap(({ slot }) => slot ?? []))].sort();
  return bare.map(({ partition, bytes }, index) => {
    const { columns = least, widened = false } = shares[index] ?? {};
    return {
      partition,
      columns: index === bare.length - 1 ? columns + 1 : columns,
      widened,
      ...describe(partition, bytes),
      tone: toneOf(partition, slots),
    };
  });
}

/** "eflow.vhdx: 11 GiB, 8 partitions, sectors of 512 B". */
export function headingOf({ title, size, sectorSize, partitions }: DrawnDisk): string {
  return `${plainText(title)}: ${formatSize(size)}, ${count(partitions.length, 'partition')}, sectors of ${formatSize(sectorSize)}`;
}

/** What is to scale, as a sentence. */
export function scaleNote(segments: readonly Segment[]): string {
  const widened = segments.filter(segment => segment.widened).map(({ labels }) => labels.at(-1) ?? '');
  const last = widened.pop();
  if (last === undefined) return 'Drawn to scale.';
  if (widened.length === 0) return `Drawn to scale, except ${last}, which is widened to be seen.`;
  return `Drawn to scale, except ${widened.join(', ')} and ${last}, which are widened to be seen.`;
}

/** Columns out of `room` that are in use: what is used at all is seen, what has room left is seen too. */
export function usedColumns(used: number, room: number): number {
  const least = used > 0 ? 1 : 0;
  const most = used < 1 && room > 1 ? room - 1 : room;
  return Math.min(most, Math.max(least, Math.round(used * room)));
}

function withGaps(
  size: Bytes,
  partitions: readonly DrawnPartition[],
): { partition: DrawnPartition | null; bytes: Bytes }[] {
  const parts: { partition: DrawnPartition | null; bytes: Bytes }[] = [];
  let end = 0;
  for (const partition of partitions) {
    if (partition.start > end) parts.push({ partition: null, bytes: partition.start - end });
    parts.push({ partition, bytes: Math.max(1, partition.end - partition.start) });
    end = Math.max(end, partition.end);
  }
  if (size > end) parts.push({ partition: null, bytes: size - end });
  return parts;
}

function describe(partition: DrawnPartition | null, bytes: Bytes): Pick<Segment, 'labels' | 'sizes' | 'used'> {
  const text = formatSize(bytes);
  const short = text.replaceAll(/ |iB$/g, '');
  if (partition === null) return { labels: ['no partition', 'free'], sizes: [text, short], used: null };
  const { number, name, filled, used = null } = partition;
  return {
    labels: [`${number} ${plainText(name)}`, String(number)],
    sizes: filled ? [text, short] : [`${text}, empty`, text, short],
    used: used === null ? null : Math.min(1, used / bytes),
  };
}

/** One colour a slot, so that the two of a pair are told apart; dim for what is empty. */
function toneOf(partition: DrawnPartition | null, slots: readonly string[]): Style {
  if (partition === null || !partition.filled) return 'dim';
  if (partition.slot === null) return NO_SLOT;
  return TONES[slots.indexOf(partition.slot) % TONES.length] ?? NO_SLOT;
}
