/** Files of two trees by path, both in byte order. */
import { byPath, type ContentFile } from '../image-contents.ts';

export type FileSummary = Pick<ContentFile, 'path' | 'type' | 'mode' | 'uid' | 'gid' | 'bytes' | 'target'>;

export interface FileChange {
  path: string;
  old: FileSummary;
  new: FileSummary;
  /** What differs: never empty. */
  what: ('type' | 'content' | 'mode' | 'owner' | 'target')[];
}

export interface FileChanges {
  added: FileSummary[];
  removed: FileSummary[];
  changed: FileChange[];
}

export interface SetuidChange {
  path: string;
  /** Null for a file that is not there, or that has none of the bits. */
  old: Pick<FileSummary, 'mode' | 'uid' | 'gid'> | null;
  new: Pick<FileSummary, 'mode' | 'uid' | 'gid'> | null;
}

/** One pass over both. */
export function compareFiles(before: readonly ContentFile[], after: readonly ContentFile[]): FileChanges {
  const changes: FileChanges = { added: [], removed: [], changed: [] };
  for (let [i, j] = [0, 0]; i < before.length || j < after.length;) {
    const [old, next] = [before[i], after[j]];
    const order = old === undefined ? 1 : next === undefined ? -1 : byPath(old, next);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    if (old !== undefined && order < 0) changes.removed.push(summary(old));
    else if (next !== undefined && order > 0) changes.added.push(summary(next));
    else if (old !== undefined && next !== undefined) {
      const what = differing(old, next);
      if (what.length > 0) changes.changed.push({ path: old.path, old: summary(old), new: summary(next), what });
    }
  }
  return changes;
}

/** Regular files alone: on a folder setgid gives nobody any right. */
export function compareSetuid(before: readonly ContentFile[], after: readonly ContentFile[]): SetuidChange[] {
  const [old, next] = [raised(before), raised(after)];
  return [...new Set([...old.keys(), ...next.keys()])].toSorted().flatMap(path => {
    const change = { path, old: old.get(path) ?? null, new: next.get(path) ?? null };
    return JSON.stringify(change.old) === JSON.stringify(change.new) ? [] : [change];
  });
}

const RAISING = 0o6000;

function raised(files: readonly ContentFile[]): Map<string, NonNullable<SetuidChange['old']>> {
  return new Map(
    files
      .filter(({ type, mode }) => type === 'file' && (mode & RAISING) !== 0)
      .map(({ path, mode, uid, gid }) => [path, { mode, uid, gid }]),
  );
}

function differing(old: ContentFile, next: ContentFile): FileChange['what'] {
  const all: [FileChange['what'][number], boolean][] = [
    ['type', old.type !== next.type],
    ['content', old.type === next.type && old.sha256 !== next.sha256],
    ['target', old.type === next.type && old.target !== next.target],
    ['mode', old.mode !== next.mode],
    ['owner', old.uid !== next.uid || old.gid !== next.gid],
  ];
  return all.filter(([, differs]) => differs).map(([what]) => what);
}

function summary({ path, type, mode, uid, gid, bytes, target }: ContentFile): FileSummary {
  return { path, type, mode, uid, gid, bytes, target };
}
