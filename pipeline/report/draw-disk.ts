/** A disk drawn to scale in a terminal, with a table of its partitions: `caisson show`. Pure. */
import {
  headingOf,
  layOutBar,
  scaleNote,
  usedColumns,
  type DrawnDisk,
  type DrawnPartition,
  type Segment,
} from './disk-bar.ts';
import { painter } from './paint.ts';
import { columnsToldOf } from './partition-columns.ts';
import { drawTable } from './table.ts';
import { columnsOf, pad, wrapText } from './text.ts';

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

/** A wall and room for a number of one digit. */
const LEAST = 3;

const BOX: Glyphs = { top: ['┌', '┬', '┐'], bottom: ['└', '┴', '┘'], flat: '─', wall: '│', used: '█', free: '░' };
const ASCII: Glyphs = { top: ['+', '+', '+'], bottom: ['+', '+', '+'], flat: '-', wall: '|', used: '#', free: '.' };

/** Title, bar, notes and table, lines joined by newlines, none of them at the end. */
export function drawDisk(disk: DrawnDisk, options: DrawOptions): string {
  const { width, color } = options;
  const paint = painter(color);
  const partitions = [...disk.partitions].sort((a, b) => a.start - b.start);
  const segments = layOutBar({ size: disk.size, partitions }, { width, least: LEAST });
  return [
    ...wrapText(headingOf(disk), width).map(line => paint('bold', line)),
    '',
    ...(segments === null ? [] : drawBar(segments, options)),
    ...wrapText(segments === null ? 'The terminal is too narrow to draw the disk.' : scaleNote(segments), width).map(
      line => paint('dim', line),
    ),
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
  const full = usedColumns(used, room);
  return glyphs.used.repeat(full) + glyphs.free.repeat(room - full);
}

function drawPartitions(partitions: readonly DrawnPartition[], { width, color }: DrawOptions): string {
  const told = columnsToldOf(partitions).filter(({ from }) => width >= from);
  return drawTable(
    told,
    partitions.map(partition => told.map(({ cell }) => cell(partition))),
    { width, color },
  );
}
