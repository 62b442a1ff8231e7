/** The table of partitions below a disk that is drawn as SVG. Pure. */
import type { DrawnPartition } from './disk-bar.ts';
import { columnsToldOf, type PartitionColumn } from './partition-columns.ts';
import type { Style } from './paint.ts';
import { element, svgText } from './svg.ts';
import { columnsOf, plainText } from './text.ts';

/** Pixels. */
const CHARACTER = 7.6;
const LEAST_GAP = 20;
const MOST_GAP = 48;
const LINE = 24;
/** A square in the colour of the partition, before its line. */
const SWATCH = { width: 10, height: 10, rx: 2 };
const SWATCH_ROOM = 20;

/** What the table needs to be set: known before the width of the drawing is. */
export interface SvgTable {
  columns: readonly PartitionColumn[];
  cells: readonly (readonly string[])[];
  widths: readonly number[];
  /** The least width, with swatches. */
  width: number;
  height: number;
}

/** Columns that would be blank in every row are left out. */
export function measureSvgTable(partitions: readonly DrawnPartition[]): SvgTable {
  const columns = columnsToldOf(partitions);
  const cells = partitions.map(partition => columns.map(({ cell }) => plainText(cell(partition))));
  const widths = columns.map(({ title }, index) =>
    Math.ceil(Math.max(columnsOf(title), ...cells.map(row => columnsOf(row[index] ?? ''))) * CHARACTER),
  );
  const width = SWATCH_ROOM + sum(widths) + LEAST_GAP * Math.max(0, widths.length - 1);
  return { columns, cells, widths, width, height: LINE * cells.length + 4 };
}

/** A header line and one line a partition, `tones` in the same order, over `room` pixels from `left` on; its top is 0. */
export function drawSvgTable(
  { columns, cells, widths }: SvgTable,
  { left, room, tones }: { left: number; room: number; tones: readonly Style[] },
): string[] {
  const gaps = Math.max(1, widths.length - 1);
  const gap = Math.min(MOST_GAP, Math.max(LEAST_GAP, Math.floor((room - SWATCH_ROOM - sum(widths)) / gaps)));
  const starts = widths.map((_, index) => left + SWATCH_ROOM + sum(widths.slice(0, index)) + gap * index);
  const line = (texts: readonly string[], { y, style }: { y: number; style: string }): string[] =>
    texts.flatMap((text, index) => {
      if (text === '') return [];
      const start = starts[index] ?? 0;
      const place =
        columns[index]?.align === 'right' ? { x: start + (widths[index] ?? 0), 'text-anchor': 'end' } : { x: start };
      return [element('text', { ...place, y, class: style }, [svgText(text)])];
    });
  const titles = columns.map(({ title }) => title);
  return [
    ...line(titles, { y: 0, style: 'title muted' }),
    element('line', { x1: left, x2: left + room, y1: 9, y2: 9, class: 'rule' }),
    ...cells.flatMap((row, index) => {
      const y = LINE * (index + 1) + 4;
      const swatch = element('rect', { x: left + 0.5, y: y - 9.5, ...SWATCH, class: 'part' });
      return [element('g', { class: tones[index] ?? 'dim' }, [swatch]), ...line(row, { y, style: 'number' })];
    }),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
