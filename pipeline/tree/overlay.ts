/** Lays the files of an overlay tree over a tree. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import type { OverlayEntry, OverlayTree } from '../config/types.ts';
import { changedFault, directory, place, symlink, type Tree, type TreeNode } from './tree.ts';

/** An entry replaces what stands at its path; a directory keeps its content and takes mode and owner. */
export async function layOver(tree: Tree, overlay: OverlayTree): Promise<void> {
  for (const entry of overlay.entries) {
    const { uid, gid, mode } = entry;
    if (entry.type === 'directory') place(tree, entry.path, { ...directory(mode), uid, gid });
    else if (entry.type === 'symlink') place(tree, entry.path, { ...symlink(entry.target), uid, gid });
    else place(tree, entry.path, { ...(await unchanged(entry)), uid, gid });
  }
}

/** Larger ones are not kept in memory: an overlay may be as large as a root. */
const MOST_KEPT: Bytes = 2 ** 18;

/** The file as it was when its digest went into the key: another content must not be stored under that key. */
async function unchanged({ source, sha256, mode }: OverlayEntry): Promise<TreeNode> {
  const file = { ...directory(mode), type: 'file' } as const;
  const { size } = await stat(source);
  if (size > MOST_KEPT) return { ...file, content: { file: source, offset: 0, bytes: size, sha256 } };
  const data = await readFile(source);
  if (createHash('sha256').update(data).digest('hex') !== sha256) throw changedFault(source);
  return { ...file, content: { data } };
}
