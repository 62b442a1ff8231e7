/** What pages are put together from. Everything called `html` is HTML already; everything else is text. Pure. */
import { svgText } from './svg.ts';

/** `passed`, `failed`, `untried` colour it; `plain` does not. */
export type Kind = 'passed' | 'failed' | 'untried' | 'plain';

export interface PageHead {
  brand: string;
  /** What it is about, from `named`, or HTML of its own. */
  html: string;
  verdict: { kind: Kind; text: string } | null;
  /** One line of what it is about; empty for none. */
  about: string;
}

export function pageHead({ brand, html, verdict, about }: PageHead): string {
  return `<header>
<p class="brand">${svgText(brand)}</p>
<h1>${html}</h1>
${verdict === null ? '' : `<p class="verdict ${verdict.kind}">${svgText(verdict.text)}</p>`}
${about === '' ? '' : `<p class="about">${svgText(about)}</p>`}
</header>`;
}

/** An image with its version, for a head. */
export function named(name: string, version: string): string {
  return `${svgText(name)} <span class="version">${svgText(version)}</span>`;
}

/** Figures in tiles; `href` leads to what they are of, empty for nowhere. */
export function tiles(
  all: readonly { value: string; unit: string; label: string; kind: Kind; href: string }[],
): string {
  const drawn = all.map(({ value, unit, label, kind, href }) => {
    const inner = `<b>${svgText(value)}${unit === '' ? '' : ` <small>${svgText(unit)}</small>`}</b> <span>${svgText(label)}</span>`;
    return href === ''
      ? `<div class="tile ${kind}">${inner}</div>`
      : `<a class="tile ${kind}" href="#${href}">${inner}</a>`;
  });
  return `<div class="tiles">\n${drawn.join('\n')}\n</div>`;
}

/** "48.5 MiB" as a tile wants it. */
export function splitUnit(size: string): { value: string; unit: string } {
  const [value = '', unit = ''] = size.split(' ');
  return { value, unit };
}

/** Names with what they mean; entries without a value are left out. */
export function definitions(entries: readonly (readonly [name: string, html: string])[]): string {
  const drawn = entries
    .filter(([, html]) => html !== '')
    .map(([name, html]) => `<div><dt>${svgText(name)}</dt><dd>${html}</dd></div>`);
  return `<dl>\n${drawn.join('\n')}\n</dl>`;
}

/** Text whose every character counts: digests, paths. Empty stays empty. */
export function code(text: string): string {
  return text === '' ? '' : `<code>${svgText(text)}</code>`;
}

/** Text in which `this` is meant to be typed. */
export function prose(text: string): string {
  return svgText(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

/** More than everyone wants to read, behind a line that opens it. Empty stays empty. */
export function fold(summary: string, html: string): string {
  return html === '' ? '' : `<details>\n<summary>${svgText(summary)}</summary>\n${html}\n</details>`;
}

export function note(text: string): string {
  return text === '' ? '' : `<p class="note">${svgText(text)}</p>`;
}

export interface Meter {
  label: string;
  /** Below the label; empty for nothing. */
  about: string;
  /** From `lane`. */
  html: string;
  value: string;
  /** Class of the line; empty for none. */
  style: string;
}

/** Lines of a name, a bar and a value each. */
export function meters(all: readonly Meter[]): string {
  const drawn = all.map(({ label, about, html, value, style }) => {
    const below = about === '' ? '' : `<small>${svgText(about)}</small>`;
    const open = style === '' ? '<li>' : `<li class="${style}">`;
    return `${open}<span class="label">${svgText(label)}${below}</span>${html}<span class="value">${svgText(value)}</span></li>`;
  });
  return `<ul class="meters">\n${drawn.join('\n')}\n</ul>`;
}

export interface LanePart {
  /** Shares of the lane, 0..1. */
  from: number;
  share: number;
  /** Class of the rectangle. */
  style: string;
}

/** What is there at all is seen. */
const LEAST = 0.004;

/** A bar as wide as there is room for, whatever that is. `title` is read out; empty for what its line says anyway. */
export function lane(
  parts: readonly LanePart[],
  { title, lines }: { title: string; lines: readonly number[] },
): string {
  const percent = (share: number): string => `${Number((share * 100).toFixed(2))}%`;
  const role = title === '' ? 'aria-hidden="true"' : 'role="img"';
  const rules = lines.map(at => `<line x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="100%"/>`);
  const rects = parts.map(
    ({ from, share, style }) =>
      `<rect class="${style}" x="${percent(from)}" width="${percent(share > 0 ? Math.max(share, LEAST) : 0)}" height="100%"/>`,
  );
  const told = title === '' ? '' : `<title>${svgText(title)}</title>`;
  return `<svg class="lane" ${role}>${told}${rules.join('')}${rects.join('')}</svg>`;
}

/** What the colours of lanes mean; `style` is that of a part. */
export function legend(entries: readonly { style: string; text: string }[]): string {
  const items = entries.map(
    ({ style, text }) =>
      `<li><svg class="lane" viewBox="0 0 12 12" aria-hidden="true"><rect class="${style}" width="12" height="12"/></svg>${svgText(text)}</li>`,
  );
  return `<ul class="key">\n${items.join('\n')}\n</ul>`;
}

export interface TableColumn {
  title: string;
  align: 'left' | 'right';
  /** Class of its cells; empty for none. */
  style: string;
}

/** Cells are HTML. On phones each row becomes a block whose cells name their columns. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly { style: string; id: string; cells: readonly string[] }[],
  style: string,
): string {
  const classOf = ({ align, style: own }: TableColumn): string => {
    const names = [align === 'right' ? 'number' : '', own].filter(name => name !== '');
    return names.length === 0 ? '' : ` class="${names.join(' ')}"`;
  };
  const heads = columns.map(each => `<th scope="col"${classOf(each)}>${svgText(each.title)}</th>`);
  const drawn = rows.map(({ style: own, id, cells }) => {
    const marks = `${id === '' ? '' : ` id="${svgText(id)}"`}${own === '' ? '' : ` class="${own}"`}`;
    const data = columns.map(
      (each, at) => `<td${classOf(each)} data-title="${svgText(each.title)}">${cells[at] ?? ''}</td>`,
    );
    return `<tr${marks}>${data.join('')}</tr>`;
  });
  return `<table class="${style}">
<thead><tr>${heads.join('')}</tr></thead>
<tbody>
${drawn.join('\n')}
</tbody>
</table>`;
}
