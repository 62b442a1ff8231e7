/** A disk drawn to scale in a terminal, with a table of its partitions: `caisson show`. Pure. */
import { formatSize, roundSize } from '../formats/bytes.ts';
import { layOutBar, type DrawnDisk, type DrawnPartition, type Segment } from './disk-bar.ts';
import { painter } from './paint.ts';
import { drawTable, type Column } from './table.ts';
import { columnsOf, count, pad, plainText, wrapText } from './text.ts';

export type { DrawnDisk, DrawnPartition };

export interface DrawOptions {
  /** Columns of the terminal; the bar takes all of them. */
  width: number;
  /** Box-drawing characters and blocks, or ASCII. */
  unicode: boolean;
  color: boolean;
}

interface Glyphs {
  top: readonly [string, string, string];
  bottom: readonly [string, string, string];
  flat: string;
  wall: string;
  used: string;
  free: string;
}

const BOX: Glyphs = { top: ['┌', '┬', '┐'], bottom: ['└', '┴', '┘'], flat: '─', wall: '│', used: '█', free: '░' };
const ASCII: Glyphs = { top: ['+', '+', '+'], bottom: ['+', '+', '+'], flat: '-', wall: '|', used: '#', free: '.' };

/** Title, bar, notes and table, lines joined by newlines, none of them at the end. */
export function drawDisk(disk: DrawnDisk, options: DrawOptions): string {
  const { width, color } = options;
  const paint = painter(color);
  const partitions = [...disk.partitions].sort((a, b) => a.start - b.start);
  const heading = `${plainText(disk.title)}: ${formatSize(disk.size)}, ${count(partitions.length, 'partition')}, sectors of ${formatSize(disk.sectorSize)}`;
  const segments = layOutBar({ size: disk.size, partitions }, width);
  return [
    ...wrapText(heading, width).map(line => paint('bold', line)),
    '',
    ...(segments === null ? [] : drawBar(segments, options)),
    ...(segments === null ? ['The terminal is too narrow to draw the disk.'] : notes(segments))
      .flatMap(note => wrapText(note, width))
      .map(line => paint('dim', line)),
    '',
    drawPartitions(partitions, options),
  ].join('\n');
}

function drawBar(segments: readonly Segment[], { width, unicode, color }: DrawOptions): string[] {
  const glyphs = unicode ? BOX : ASCII;
  const paint = painter(color);
  const rows: ((segment: Segment, room: number) => string)[] = [
    (segment, room) => firstThatFits(segment.labels, room),
    (segment, room) => firstThatFits(segment.sizes, room),
  ];
  if (segments.some(({ used }) => used !== null)) rows.push((segment, room) => drawUsage(segment, room, glyphs));
  const rule = ([left, middle, right]: Glyphs['top']): string =>
    segments
      .map(({ columns }, index) => (index === 0 ? left : middle) + glyphs.flat.repeat(columns - 1))
      .join('')
      .slice(0, width - 1) + right;
  const walls = (draw: (segment: Segment, room: number) => string): string =>
    segments
      .map((segment, index) => {
        // The last segment holds the right-hand wall too, so that the columns of all add up to the width.
        const room = segment.columns - (index === segments.length - 1 ? 2 : 1);
        return glyphs.wall + paint(segment.tone, pad(draw(segment, room), room, 'left'));
      })
      .join('') + glyphs.wall;
  return [rule(glyphs.top), ...rows.map(walls), rule(glyphs.bottom)];
}

function firstThatFits(texts: readonly string[], room: number): string {
  return texts.find(text => columnsOf(text) <= room) ?? '';
}

function drawUsage({ used }: Segment, room: number, glyphs: Glyphs): string {
  if (used === null || room <= 0) return '';
  // What is used at all is seen, what has room left is seen too.
  const least = used > 0 ? 1 : 0;
  const most = used < 1 && room > 1 ? room - 1 : room;
  const full = Math.min(most, Math.max(least, Math.round(used * room)));
  return glyphs.used.repeat(full) + glyphs.free.repeat(room - full);
}

function notes(segments: readonly Segment[]): string[] {
  const widened = segments.filter(segment => segment.widened).map(({ labels }) => labels.at(-1) ?? '');
  const last = widened.pop();
  if (last === undefined) return ['Drawn to scale.'];
  if (widened.length === 0) return [`Drawn to scale, except ${last}, which is widened to be seen.`];
  return [`Drawn to scale, except ${widened.join(', ')} and ${last}, which are widened to be seen.`];
}

interface PartitionColumn extends Column {
  /** Left out on terminals narrower than this. */
  from: number;
  cell: (partition: DrawnPartition) => string;
}

const COLUMNS: readonly PartitionColumn[] = [
  { title: '#', align: 'right', from: 0, cell: ({ number }) => String(number) },
  { title: 'name', align: 'left', least: 8, from: 0, cell: ({ name }) => name },
  { title: 'start', align: 'right', from: 80, cell: ({ start }) => formatSize(start) },
  { title: 'size', align: 'right', from: 0, cell: ({ start, end }) => formatSize(end - start) },
  { title: 'used', align: 'right', from: 0, cell: ({ used = null }) => (used === null ? '' : roundSize(used)) },
  {
    title: 'free',
    align: 'right',
    from: 100,
    cell: ({ start, end, used = null }) => (used === null ? '' : roundSize(end - start - used)),
  },
  { title: 'type', align: 'left', from: 0, cell: ({ type, typeName }) => typeName ?? type },
  {
    title: 'holds',
    align: 'left',
    least: 5,
    from: 70,
    cell: ({ filesystem }) => (filesystem === 'none' ? '' : filesystem),
  },
  { title: 'slot', align: 'left', from: 0, cell: ({ slot }) => slot ?? '' },
  { title: 'mount', align: 'left', from: 0, cell: ({ mount }) => mount },
  {
    title: '',
    align: 'left',
    least: 5,
    from: 0,
    cell: ({ grow, filled }) => [grow ? 'grows' : '', filled ? '' : 'empty'].filter(flag => flag !== '').join(', '),
  },
];

/** Columns that would be blank in every row are left out. */
function drawPartitions(partitions: readonly DrawnPartition[], { width, color }: DrawOptions): string {
  const told = COLUMNS.filter(
    ({ from, cell }) => width >= from && partitions.some(partition => cell(partition) !== ''),
  );
  return drawTable(
    told,
    partitions.map(partition => told.map(({ cell }) => cell(partition))),
    { width, color },
  );
}
