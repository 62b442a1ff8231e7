/** Aligned columns, as `caisson show`, `plan` and `cache ls` print them. Pure. */
import { columnsOf, pad, plainText, truncate } from './text.ts';
import { painter } from './paint.ts';

export interface Column {
  title: string;
  align: 'left' | 'right';
  /** A left-aligned column isn't made narrower than this (default 4). */
  least?: number;
}

export interface TableOptions {
  /** Columns of the terminal; null for as wide as it needs. */
  width: number | null;
  color: boolean;
}

const GAP = '  ';
const LEAST = 4;

/**
 * A header line and one line a row, without a final newline or trailing blanks. What is too wide is cut with `…`:
 * first the widest left-aligned columns (names, paths; never numbers), then, where that isn't enough, the line.
 * Missing cells are blank; control characters in cells are taken out.
 */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { width, color }: TableOptions,
): string {
  const cells = rows.map(row => columns.map((_, index) => plainText(row[index] ?? '')));
  const widths = columns.map(({ title }, index) =>
    Math.max(columnsOf(title), ...cells.map(row => columnsOf(row[index] ?? ''))),
  );
  if (width !== null) narrow(columns, widths, width);
  const paint = painter(color);
  const line = (row: readonly string[]): string => {
    const text = columns
      .map(({ align }, index) => fit(row[index] ?? '', widths[index] ?? 0, align))
      .join(GAP)
      .trimEnd();
    return width === null ? text : truncate(text, width);
  };
  return [paint('bold', line(columns.map(({ title }) => title))), ...cells.map(line)].join('\n');
}

function narrow(columns: readonly Column[], widths: number[], width: number): void {
  const gaps = GAP.length * (columns.length - 1);
  for (let over = sum(widths) + gaps - width; over > 0; over -= 1) {
    const widest = widestOf(columns, widths);
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function widestOf(columns: readonly Column[], widths: readonly number[]): number {
  let widest = -1;
  for (const [index, { align, least = LEAST }] of columns.entries()) {
    const own = widths[index] ?? 0;
    if (align === 'left' && own > least && own > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}

function fit(text: string, width: number, align: 'left' | 'right'): string {
  return pad(truncate(text, width), width, align);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
