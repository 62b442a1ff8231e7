import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PAGES, quotedWords, ROOT, type Page } from './pages.ts';

/** Files of the project, as pages write them: from its root or from pipeline/, with {a,b} and *. */
const FILE = /^(?:[\w.{},*-]+\/)+[\w.{},*-]+\.(?:ts|mjs|sh|json)$/;
/** Made by a build, or the reader's own. */
const MADE = /^(?:out|dist|next)\/|NAME|DIR|build-date\.sh$|compilerOptions/;

describe('every file that a page names is there', () => {
  test.each(PAGES)('$file', page => {
    const named = quotedWords(page)
      .filter(word => FILE.test(word) && !MADE.test(word))
      .flatMap(expand);
    expect(named.filter(name => !isThere(name))).toEqual([]);
  });

  test('some name many', () => {
    const named = PAGES.flatMap(quotedWords).filter(word => FILE.test(word) && !MADE.test(word));
    expect(named.length).toBeGreaterThan(100);
  });
});

describe('every link of a page leads somewhere', () => {
  test.each(PAGES)('$file', page => {
    const links = [...page.text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter(link => !leadsSomewhere(page, link))).toEqual([]);
  });
});

/** `a/{b,c}.ts` -> `a/b.ts`, `a/c.ts`. */
function expand(word: string): string[] {
  const [, before = '', list = '', after = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(word) ?? [];
  return list === '' ? [word] : list.split(',').flatMap(each => expand(`${before}${each}${after}`));
}

function isThere(name: string): boolean {
  return ['', 'pipeline', 'test', 'test/system', 'overlays/guest/usr/lib/caisson'].some(folder => {
    const file = path.join(ROOT, folder, name);
    if (!name.includes('*')) return existsSync(file);
    const pattern = new RegExp(
      `^${path
        .basename(file)
        .replaceAll('.', String.raw`\.`)
        .replaceAll('*', '.*')}$`,
    );
    const parent = path.dirname(file);
    return existsSync(parent) && readdirSync(parent).some(each => pattern.test(each));
  });
}

function leadsSomewhere(page: Page, link: string): boolean {
  const [to = '', anchor = ''] = link.split('#');
  const file = to === '' ? path.join(ROOT, page.file) : path.resolve(ROOT, path.dirname(page.file), to);
  if (!existsSync(file)) return false;
  return anchor === '' || anchors(readFileSync(file, 'utf8')).includes(anchor);
}

/** As GitHub makes them of headings; and those that HTML names. */
function anchors(text: string): string[] {
  const headings = [...text.matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
  return [...headings, ...[...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = '']) => id)];
}
