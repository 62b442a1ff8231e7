/** Partitions and files of an image, as `caisson ls` prints them. Pure. */
import { roundSize, type Bytes } from '../formats/bytes.ts';
import type { FileEntry } from '../formats/partition-files.ts';
import { drawTable, type Column } from './table.ts';
import { plainText } from './text.ts';

export interface PartitionRow {
  number: number;
  name: string;
  /** `ext4`, `FAT16`, or in words why there is none. */
  content: string;
  size: Bytes;
}

export function drawPartitions(
  rows: readonly PartitionRow[],
  options: { width: number | null; color: boolean },
): string {
  const columns: Column[] = [
    { title: '#', align: 'right' },
    { title: 'partition', align: 'left', least: 12 },
    { title: 'file system', align: 'left' },
    { title: 'size', align: 'right' },
  ];
  return drawTable(
    columns,
    rows.map(({ number, name, content, size }) => [String(number), showName(name), content, roundSize(size)]),
    options,
  );
}

/**
 * One line a file: as `ls -l`, but with whole paths when `paths`. Nothing is cut, whatever the terminal: a name that
 * is cut names another file.
 */
export function drawFiles(entries: readonly FileEntry[], { paths, color }: { paths: boolean; color: boolean }): string {
  // A file system without owners has none for all its files.
  const owned = entries.some(each => each.mode !== null);
  const columns: Column[] = [
    ...(owned
      ? ([
          { title: 'mode', align: 'left' },
          { title: 'owner', align: 'right' },
        ] as const)
      : []),
    { title: 'bytes', align: 'right' },
    { title: 'modified (UTC)', align: 'left' },
    { title: paths ? 'path' : 'name', align: 'left' },
  ];
  const rows = entries.map(each => [
    ...(owned ? [showMode(each), `${each.uid ?? ''}:${each.gid ?? ''}`] : []),
    each.type === 'file' ? String(each.bytes) : '',
    showTime(each.modified),
    showTarget(each, paths),
  ]);
  return drawTable(columns, rows, { width: null, color });
}

/** A name as it is; in quotes, with escapes, when a terminal would not show it so or one could misread it. */
export function showName(name: string): string {
  if (name !== '' && plainText(name) === name && !/^"| -> /.test(name)) return name;
  return JSON.stringify(name).replaceAll(
    UNSEEN,
    character => String.raw`\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function showTarget({ path, type, target }: FileEntry, paths: boolean): string {
  const name = showName(paths ? path : path.slice(path.lastIndexOf('/') + 1));
  if (target !== null) return `${name} -> ${showName(target)}`;
  return type === 'directory' ? `${name}/` : name;
}

const LETTERS: Readonly<Record<FileEntry['type'], string>> = { file: '-', directory: 'd', symlink: 'l', other: '?' };

/** `drwxr-xr-t`, as ls(1). */
function showMode({ type, mode }: FileEntry): string {
  const bits = mode ?? 0;
  const triads = [
    { shift: 6, special: 0o4000, letter: 's' },
    { shift: 3, special: 0o2000, letter: 's' },
    { shift: 0, special: 0o1000, letter: 't' },
  ];
  const text = triads.map(({ shift, special, letter }) => {
    const [r, w, x] = [4, 2, 1].map(bit => ((bits >> shift) & bit) !== 0);
    const last = (bits & special) === 0 ? (x ? 'x' : '-') : x ? letter : letter.toUpperCase();
    return `${r ? 'r' : '-'}${w ? 'w' : '-'}${last}`;
  });
  return `${LETTERS[type]}${text.join('')}`;
}

/** `2026-11-01 00:00`; times that no calendar has stay numbers. */
function showTime(seconds: number | null): string {
  if (seconds === null) return '';
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `@${seconds}` : time.toISOString().slice(0, -8).replace('T', ' ');
}
