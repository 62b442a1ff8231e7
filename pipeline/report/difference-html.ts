/** What `caisson diff` found, as one HTML file. Pure. */
import type { Difference } from '../formats/difference.ts';
import type { Mark, Row, Section } from './difference/section.ts';
import { countsOf, moreOf, namesOf, sectionsOf } from './difference/sections.ts';
import { anchor, htmlPage } from './page.ts';
import { code, note, pageHead, table, tiles } from './page-parts.ts';
import { svgText } from './svg.ts';

/** A browser shows more than people read, but not any number. */
const MOST_ROWS = 2000;
const MARKS: Readonly<Record<Mark, { kind: string; word: string }>> = {
  '+': { kind: 'new', word: 'new' },
  '-': { kind: 'gone', word: 'gone' },
  '~': { kind: 'changed', word: 'changed' },
};

/** All text of images is escaped and without control characters. */
export function differenceHtml(difference: Difference): string {
  const sections = sectionsOf(difference);
  const { old, new: next } = namesOf(difference);
  const head = pageHead({
    brand: `Caisson diff, ${difference.kind}`,
    html: `${svgText(old)} <span class="version">to</span> ${svgText(next)}`,
    verdict: difference.same ? { kind: 'passed', text: 'They are the same' } : null,
    about: '',
  });
  return htmlPage({
    title: `${old} to ${next}`,
    style: STYLE,
    header: `${head}\n${figures(sections)}`,
    links: 'none',
    sections: sections.map(each => ({ title: each.title, note: countsOf(each.rows), body: drawSection(each) })),
    footer: 'Made by caisson diff. --json has all of it for programs.',
  });
}

/** Sections are the navigation here: how many of what is other. */
function figures(sections: readonly Section[]): string {
  const changed = sections.filter(({ rows }) => rows.length > 0);
  if (changed.length === 0) return '';
  return tiles(
    changed.map(({ title, rows }) => ({
      value: String(rows.length),
      unit: '',
      label: title,
      kind: 'plain',
      href: anchor(title),
    })),
  );
}

function drawSection({ columns, rows, note: said }: Section): string {
  const more = moreOf(rows.length - MOST_ROWS);
  const all = [{ title: '', align: 'left', style: 'kind' } as const, ...columns.map(each => ({ ...each, style: '' }))];
  const drawn = rows.slice(0, MOST_ROWS).map(row => drawRow(row, columns.length));
  return [rows.length === 0 ? '' : table(all, drawn, 'changes named'), note(said), note(more)]
    .filter(text => text !== '')
    .join('\n');
}

function drawRow({ mark, cells }: Row, columns: number): Parameters<typeof table>[1][number] {
  const { kind, word } = MARKS[mark];
  const drawn = Array.from({ length: columns }, (_, at) => code(cells[at] ?? ''));
  return { style: kind, id: '', cells: [`<span class="mark">${word}</span>`, ...drawn] };
}

const STYLE = `
tr.new { --tone: var(--good); } tr.gone { --tone: var(--bad); } tr.changed { --tone: var(--warn); }
@media print, (min-width: 721px) {
  .changes th, .changes td { padding-top: 5px; padding-bottom: 5px; } .changes .kind { width: 92px; } .changes .number { min-width: 92px; }
}
@media screen and (max-width: 720px) { .changes td { display: inline-block; margin-right: 14px; } .changes td:empty { display: none; } }`;
