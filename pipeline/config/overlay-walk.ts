/** Walks an overlay tree on the host. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { compareText, fileFault } from './diagnostic.ts';
import { sha256OfFile } from './digest.ts';
import { isEditorsOwn } from './editors.ts';
import { noteRead } from './reads.ts';
import type { Diagnostic, OverlayEntry } from './types.ts';

/** An entry as it stands on the host, before modes and owners are decided. */
export interface FoundEntry extends Omit<OverlayEntry, 'mode' | 'uid' | 'gid'> {
  /** The owner's x bit. */
  executable: boolean;
}

export interface FoundTree {
  /** Sorted by path. */
  entries: FoundEntry[];
  faults: Diagnostic[];
}

/** Everything below directory but `without` at its top, and what editors leave. Symlinks are not followed. */
export async function walkTree(directory: string, without: string): Promise<FoundTree> {
  noteRead(directory);
  const tree: FoundTree = { entries: [], faults: [] };
  await walk(directory, '', { tree, without });
  tree.entries.sort((a, b) => compareText(a.path, b.path));
  return tree;
}

async function walk(
  root: string,
  below: string,
  { tree, without }: { tree: FoundTree; without: string },
): Promise<void> {
  let found: Dirent[];
  try {
    found = await readdir(path.join(root, below), { withFileTypes: true });
  } catch (error) {
    tree.faults.push(fileFault(path.join(root, below), `cannot be read: ${codeOf(error)}`));
    return;
  }
  for (const entry of found) {
    if ((below === '' && entry.name === without) || isEditorsOwn(entry.name)) continue;
    const inside = `${below}/${entry.name}`;
    const source = path.join(root, inside);
    const fault = nameFault(root, inside, entry.name) ?? kindFault(source, entry);
    if (fault === null) await take(entry, { inside, source, tree });
    else tree.faults.push(fault);
    if (fault === null && entry.isDirectory()) await walk(root, inside, { tree, without });
  }
}

async function take(
  entry: Dirent,
  { inside, source, tree }: { inside: string; source: string; tree: FoundTree },
): Promise<void> {
  const plain = { path: inside, source: '', target: '', sha256: '', executable: false };
  try {
    if (entry.isDirectory()) tree.entries.push({ ...plain, type: 'directory' });
    else if (entry.isSymbolicLink()) tree.entries.push({ ...plain, type: 'symlink', target: await readlink(source) });
    else {
      const { mode } = await lstat(source);
      const sha256 = await sha256OfFile(source);
      tree.entries.push({ ...plain, type: 'file', source, sha256, executable: (mode & 0o100) !== 0 });
    }
  } catch (error) {
    tree.faults.push(fileFault(source, `cannot be read: ${codeOf(error)}`));
  }
}

/** What neither a manifest line, nor a tar reader, nor a person can tell apart. */
function nameFault(root: string, inside: string, name: string): Diagnostic | null {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(name)) {
    return fileFault(root, `the name ${JSON.stringify(inside)} has a line break or control character`, 'rename it');
  }
  // Node shows bytes that are not UTF-8 as U+FFFD.
  return name.includes('\ufffd')
    ? fileFault(root, `the name ${JSON.stringify(inside)} is not UTF-8`, 'rename it')
    : null;
}

function kindFault(source: string, entry: Dirent): Diagnostic | null {
  if (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink()) return null;
  let kind = 'a device';
  if (entry.isSocket()) kind = 'a socket';
  if (entry.isFIFO()) kind = 'a fifo';
  return fileFault(source, `is ${kind}`, 'allowed: files, directories and symbolic links');
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  throw error;
}
