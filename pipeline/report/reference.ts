/** docs/REFERENCE.md: every key of every document. Pure. */
import type { DocumentKey } from '../formats/document-key.ts';
import { DOCUMENTS } from './keys.ts';

const TITLES: Readonly<Record<DocumentKey['kind'], string>> = {
  image: 'Image definition',
  layout: 'Layout',
  manifest: 'Rootfs manifest',
  overlay: 'Overlay tree',
};

/** Markdown: a section a document, a table a mapping, in the order of the schemas. */
export function reference(keys: readonly DocumentKey[]): string {
  const kinds = Object.keys(TITLES) as DocumentKey['kind'][];
  return `${[
    '# Every key of the YAML files',
    '',
    'Made by `caisson explain --markdown` from the schemas; `make schemas` makes it anew. [DOCUMENTS.md](DOCUMENTS.md) tells how the',
    'files belong together. `caisson explain KEY` prints one of these.',
    '',
    ...kinds.map(kind => `- [${TITLES[kind]}](#${slug(TITLES[kind])}): \`${DOCUMENTS[kind]}\``),
    ...kinds.flatMap(kind =>
      documentSection(
        kind,
        keys.filter(key => key.kind === kind),
      ),
    ),
  ].join('\n')}\n`;
}

function documentSection(kind: DocumentKey['kind'], keys: readonly DocumentKey[]): string[] {
  const paths = keys.map(key => key.path);
  return [
    '',
    `## ${TITLES[kind]}`,
    '',
    `\`${DOCUMENTS[kind]}\``,
    ...table(
      keys.filter(key => parentOf(key.path, paths) === ''),
      '',
    ),
    ...keys.flatMap(key => {
      const inside = keys.filter(each => parentOf(each.path, paths) === key.path);
      return inside.length === 0
        ? []
        : ['', `### \`${key.path}\``, '', escaped(key.description), ...table(inside, key.path)];
    }),
  ];
}

function table(keys: readonly DocumentKey[], above: string): string[] {
  return ['', '| key | may be | default | |', '|---|---|---|---|', ...keys.map(key => row(key, above))];
}

function row({ kind, path, form, needed, leftOut, examples, description }: DocumentKey, above: string): string {
  const name = path.split('.').at(-1) ?? path;
  const shorter = above === '' ? path : path.slice(above.length + 1);
  const shown = examples.map(each => `\`${name}: ${each}\``).join(', ');
  const cells = [
    `<a id="${kind}.${path}"></a>\`${shorter}\``,
    form,
    needed ? '**needed**' : leftOut,
    `${description.replaceAll('*', String.raw`\*`)}${shown === '' ? '' : ` Example: ${shown}.`}`,
  ];
  return `| ${cells.map(escaped).join(' | ')} |`;
}

/** The longest path of the document above this one; empty at the top. */
function parentOf(path: string, paths: readonly string[]): string {
  const above = paths.filter(each => path.startsWith(`${each}.`));
  return above.reduce((longest, each) => (each.length > longest.length ? each : longest), '');
}

/** A bar ends a cell. */
function escaped(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

const slug = (title: string): string => title.toLowerCase().replaceAll(' ', '-');
