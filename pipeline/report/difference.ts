/** What `caisson diff` found, for a terminal. Pure. */
import type { Difference } from '../formats/difference.ts';
import type { Mark, Section } from './difference/section.ts';
import { countsOf, moreOf, sectionsOf } from './difference/sections.ts';
import { painter, type Style } from './paint.ts';
import { drawTable } from './table.ts';
import { plainText, wrapText } from './text.ts';

/** Longer lists are cut: nobody reads a thousand lines. */
const MOST_ROWS = 20;
const STYLES: Readonly<Record<Mark, Style>> = { '+': 'green', '-': 'red', '~': 'yellow' };

/** Lines joined by newlines, none at the end. */
export function drawDifference(difference: Difference, { width, color }: { width: number; color: boolean }): string {
  const paint = painter(color);
  const title = paint('bold', plainText(`${difference.old} -> ${difference.new}`));
  const sections = sectionsOf(difference).map(each => drawSection(each, { width, color }));
  return [title, ...(difference.same ? ['They are the same.'] : []), ...sections].join('\n\n');
}

function drawSection(
  { title, columns, rows, note }: Section,
  { width, color }: { width: number; color: boolean },
): string {
  const paint = painter(color);
  const counts = countsOf(rows);
  const lines = [`${paint('bold', title)}${counts === '' ? '' : `  ${counts}`}`];
  if (rows.length > 0) {
    const shown = rows.slice(0, MOST_ROWS);
    const table = drawTable(
      [{ title: '', align: 'left', least: 1 }, ...columns.map(each => ({ ...each, least: 6 }))],
      shown.map(({ mark, cells }) => [mark, ...cells]),
      { width, color: false },
    );
    const [head = '', ...body] = table.split('\n');
    lines.push(paint('dim', head), ...body.map((line, at) => paint(STYLES[shown[at]?.mark ?? '~'], line)));
    const more = moreOf(rows.length - MOST_ROWS);
    if (more !== '') lines.push(paint('dim', `   ${more}`));
  }
  if (note !== '') lines.push(...wrapText(plainText(note), width));
  return lines.join('\n');
}
