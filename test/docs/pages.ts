/** The pages that are written by hand, and what stands in them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Page {
  /** Relative to the project. */
  file: string;
  text: string;
}

const FOLDERS = ['docs', 'examples'];

/** README and its like, and every Markdown file below docs/ and examples/. */
export const PAGES: readonly Page[] = [
  ...readdirSync(ROOT).filter(name => name.endsWith('.md') && name !== 'CHANGELOG.md'),
  ...FOLDERS.filter(folder => existsSync(path.join(ROOT, folder))).flatMap(folder =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.md'))
      .map(name => path.join(folder, name)),
  ),
]
  .sort()
  .map(file => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));

/** Lines of the code blocks, without those that continue one (`\` at the end), which are joined. */
export function codeLines({ text }: Page): string[] {
  return [...text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, language = '']) => ['', 'sh', 'console', 'text'].includes(language))
    .flatMap(([, , block = '']) => block.replaceAll(/\\\n\s*/g, '').split('\n'));
}

/** What stands between backticks outside of code blocks. */
export function quotedWords({ text }: Page): string[] {
  return [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);
}
