/** What `caisson diff` found, as Markdown for release notes (GitHub's tables). Pure. */
import type { Difference } from '../formats/difference.ts';
import type { Mark, Section } from './difference/section.ts';
import { countsOf, moreOf, namesOf, sectionsOf } from './difference/sections.ts';
import { plainText } from './text.ts';

/** Notes are short; `--json` has all. */
const MOST_ROWS = 50;
const WORDS: Readonly<Record<Mark, string>> = { '+': 'new', '-': 'gone', '~': 'changed' };

/** Ends with a newline. Names of files and versions cannot become markup. */
export function differenceMarkdown(difference: Difference): string {
  const names = namesOf(difference);
  const head = `## ${escape(names.old)} → ${escape(names.new)}\n`;
  const same = difference.same ? ['They are the same.\n'] : [];
  return [head, ...same, ...sectionsOf(difference).map(drawSection)].join('\n');
}

function drawSection({ title, columns, rows, note }: Section): string {
  const counts = countsOf(rows);
  const parts = [`### ${title}${counts === '' ? '' : `: ${counts}`}\n`];
  if (rows.length > 0) {
    const titles = ['', ...columns.map(each => each.title)];
    const rules = ['---', ...columns.map(({ align }) => (align === 'right' ? '---:' : '---'))];
    const body = rows.slice(0, MOST_ROWS).map(({ mark, cells }) => [WORDS[mark], ...cells.map(code)]);
    parts.push([titles, rules, ...body].map(cells => `| ${cells.join(' | ')} |\n`).join(''));
    const more = moreOf(rows.length - MOST_ROWS);
    if (more !== '') parts.push(`${more}\n`);
  }
  if (note !== '') parts.push(`${escape(note)}\n`);
  return parts.join('\n');
}

/** Code spans take everything literally but backticks, and in tables the bar. */
function code(text: string): string {
  const plain = plainText(text).replaceAll('|', String.raw`\|`);
  if (plain === '') return '';
  const longest = Math.max(0, ...Array.from(plain.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${plain}${fence}` : `${fence} ${plain} ${fence}`;
}

/** CommonMark 0.31, "Backslash escapes". */
function escape(text: string): string {
  return plainText(text).replaceAll(/[\\`*_[\]<>#|~&]/g, String.raw`\$&`);
}
