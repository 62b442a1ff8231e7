/** What `caisson diff` found, as one HTML file: nothing fetched, no scripts, light and dark, for phones and paper. Pure. */
import type { Difference } from '../formats/difference.ts';
import { countsOf, moreOf, namesOf, sectionsOf, type Mark, type Row, type Section } from './difference/sections.ts';
import { htmlPage } from './page.ts';
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
  const names = namesOf(difference);
  return htmlPage({
    title: `${names.old} to ${names.new}`,
    style: STYLE,
    body: [header(difference), contents(sections), ...sections.map(drawSection)].join('\n'),
  });
}

function header(difference: Difference): string {
  const { kind, same } = difference;
  const { old, new: next } = namesOf(difference);
  return `<header>
<p class="brand">Caisson diff, ${kind}</p>
<h1>${svgText(old)} <span class="version">to</span> ${svgText(next)}</h1>
${same ? '<p class="verdict passed">They are the same</p>' : ''}
</header>`;
}

function contents(sections: readonly Section[]): string {
  const items = sections
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) => `<a class="count" href="#${anchor(title)}"><b>${rows.length}</b> ${svgText(title)}</a>`);
  return `<nav class="counts">\n${items.join('\n')}\n</nav>`;
}

function drawSection({ title, columns, rows, note }: Section): string {
  const more = moreOf(rows.length - MOST_ROWS);
  const heads = columns.map(each => `<th${number(each.align)}>${svgText(each.title)}</th>`);
  const table = `<table class="changes">
<thead><tr><th class="kind"></th>${heads.join('')}</tr></thead>
<tbody>
${rows
  .slice(0, MOST_ROWS)
  .map(row => drawRow(row, columns))
  .join('\n')}
</tbody>
</table>`;
  return `<section id="${anchor(title)}">
<h2>${svgText(title)} <span class="note">${countsOf(rows)}</span></h2>
${rows.length === 0 ? '' : table}
${[note, more]
  .filter(text => text !== '')
  .map(text => `<p class="note">${svgText(text)}</p>`)
  .join('\n')}
</section>`;
}

function drawRow({ mark, cells }: Row, columns: Section['columns']): string {
  const { kind, word } = MARKS[mark];
  const drawn = columns.map(
    ({ title, align }, at) =>
      `<td${number(align)} data-title="${svgText(title)}">${(cells[at] ?? '') === '' ? '' : `<code>${svgText(cells[at] ?? '')}</code>`}</td>`,
  );
  return `<tr class="${kind}"><td class="kind"><span class="mark">${word}</span></td>${drawn.join('')}</tr>`;
}

function number(align: 'left' | 'right'): string {
  return align === 'right' ? ' class="number"' : '';
}

function anchor(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}

const STYLE = `
a.count { text-decoration: none; } .count { --tone: var(--ink); }
.changes { table-layout: auto; } .changes th { width: auto !important; }
.changes .kind { width: 84px !important; }
.changes th, .changes td { padding: 5px 10px; }
.changes code { font: 13px/1.45 ui-monospace, "SF Mono", Consolas, "Liberation Mono", monospace; }
.changes th.number, .changes td.number { text-align: right; white-space: nowrap; width: 92px !important; }
tr.new { --tone: var(--good); } tr.gone { --tone: var(--bad); } tr.changed { --tone: var(--warn); }
h1 { overflow-wrap: anywhere; }
@media (max-width: 760px) {
  .changes tr { padding: 6px 0; } .changes td { display: inline-block; padding: 1px 6px; }
  .changes td.number { text-align: left; width: auto !important; }
  .changes td:empty { display: none; }
  .changes td[data-title]:not([data-title=""]):not(:empty)::before { content: attr(data-title) " "; color: var(--muted); font-size: 13px; }
}`;
