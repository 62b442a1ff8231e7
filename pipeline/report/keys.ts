/** What `caisson explain` prints: one key, or a line for each of many. Pure. */
import type { DocumentKey } from '../formats/document-key.ts';
import { painter } from './paint.ts';
import { columnsOf, pad, truncate, wrapText } from './text.ts';

export interface KeyOptions {
  /** Columns of the terminal; null without one. */
  width: number | null;
  color: boolean;
}

interface ListOptions extends KeyOptions {
  /** The key that holds them all; empty for the document. */
  below: string;
}

/** Where each kind of document stands. */
export const DOCUMENTS: Readonly<Record<DocumentKey['kind'], string>> = {
  image: 'pipeline/NAME.yaml',
  layout: 'layouts/NAME.yaml',
  manifest: 'rootfs-manifests/NAME.yaml',
  overlay: 'overlays/NAME/overlay.yaml',
};

const WIDEST = 100;

/** A key with all that is known of it, and the keys that it holds. */
export function drawKey(key: DocumentKey, all: readonly DocumentKey[], options: KeyOptions): string {
  const paint = painter(options.color);
  const width = Math.min(options.width ?? WIDEST, WIDEST);
  const rows: [string, string][] = [
    ['stands in', DOCUMENTS[key.kind]],
    ['is', key.form],
    ...(key.needed ? [['needed', 'yes'] satisfies [string, string]] : []),
    ...(key.leftOut === '' ? [] : [['default', key.leftOut] satisfies [string, string]]),
    ...key.examples.map((each): [string, string] => ['example', `${lastName(key.path)}: ${each}`]),
  ];
  const lines = [
    paint('bold', key.path),
    ...wrapText(key.description, width - 2).map(each => `  ${each}`),
    '',
    ...rows.flatMap(([title, text]) => field(title, text, width)),
  ];
  const inside = all.filter(each => each.kind === key.kind && each.path.startsWith(`${key.path}.`));
  return inside.length === 0
    ? lines.join('\n')
    : [...lines, '', drawKeys(inside, { ...options, below: key.path })].join('\n');
}

/**
 * A line a key: in a terminal a tree, cut to its width; else whole paths and whole descriptions. `*` marks those that are
 * needed.
 */
export function drawKeys(keys: readonly DocumentKey[], { width, color, below }: ListOptions): string {
  const paint = painter(color);
  const start = below === '' ? 0 : below.length + 1;
  const paths = new Set(keys.map(each => each.path.slice(start)));
  const names = keys.map(
    key =>
      `${width === null ? `${key.kind}.${key.path}` : branch(key.path.slice(start), paths)}${key.needed ? ' *' : ''}`,
  );
  const column = Math.max(...names.map(columnsOf));
  return keys
    .map((key, index) => {
      const name = pad(names[index] ?? '', column, 'left');
      const room = width === null ? Number.POSITIVE_INFINITY : width - column - 4;
      return `  ${key.needed ? paint('bold', name) : name}  ${truncate(key.description, room)}`;
    })
    .join('\n');
}

/** The name below the nearest key that is shown, indented below that. */
function branch(path: string, shown: ReadonlySet<string>): string {
  const parts = path.split('.');
  const above = parts.slice(1).flatMap((_, index) => {
    const start = parts.slice(0, index + 1).join('.');
    return shown.has(start) ? [start] : [];
  });
  const nearest = above.at(-1);
  return `${'  '.repeat(above.length)}${nearest === undefined ? path : path.slice(nearest.length + 1)}`;
}

function field(title: string, text: string, width: number): string[] {
  const [first = '', ...rest] = wrapText(text, width - 13);
  return [`  ${pad(title, 9, 'left')}  ${first}`, ...rest.map(each => `${' '.repeat(13)}${each}`)];
}

const lastName = (path: string): string => path.split('.').at(-1) ?? path;
