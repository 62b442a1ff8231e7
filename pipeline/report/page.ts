/** The frame of every HTML page: nothing fetched, no scripts, light and dark, for phones and paper. Pure. */
import { pageStyle } from './page-style.ts';
import { svgText } from './svg.ts';

export interface Page {
  title: string;
  /** Comes behind the style that all pages share. */
  style: string;
  /** HTML. */
  header: string;
  /** `below`: a line of links to the sections stands below the header. `none`: the header has its own, or nobody needs them. */
  links: 'below' | 'none';
  /** In their order; `body` is HTML. */
  sections: readonly PageSection[];
  /** One line below all. */
  footer: string;
}

export interface PageSection {
  title: string;
  /** Beside the title; empty for nothing. */
  note: string;
  body: string;
}

export function htmlPage({ title, style, header, links, sections, footer }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${svgText(title)}</title>
<style>
${pageStyle()}${style}
</style>
</head>
<body>
<main id="top">
${header}
${links === 'none' ? '' : navigation(sections)}
${sections.map(drawSection).join('\n')}
<footer>${svgText(footer)}</footer>
</main>
</body>
</html>
`;
}

function navigation(sections: readonly PageSection[]): string {
  const links = sections.map(({ title }) => `<a href="#${anchor(title)}">${svgText(title)}</a>`);
  return `<nav aria-label="Sections">\n${links.join('\n')}\n</nav>`;
}

function drawSection({ title, note, body }: PageSection): string {
  const beside = note === '' ? '' : ` <span class="note">${svgText(note)}</span>`;
  return `<section id="${anchor(title)}" aria-labelledby="${anchor(title)}-title">
<h2 id="${anchor(title)}-title">${svgText(title)}${beside}</h2>
${body}
</section>`;
}

/** Of a section: what can be linked to. */
export function anchor(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
