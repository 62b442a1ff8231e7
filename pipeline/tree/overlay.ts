/** Lays the files of an overlay tree over a tree. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FormatFault } from '../formats/fault.ts';
import type { OverlayEntry, OverlayTree } from '../config/types.ts';
import { directory, place, symlink, type Tree, type TreeNode } from './tree.ts';

/** An entry replaces what stands at its path; a directory keeps its content and takes mode and owner. */
export async function layOver(tree: Tree, overlay: OverlayTree): Promise<void> {
  for (const entry of overlay.entries) {
    const { uid, gid, mode } = entry;
    if (entry.type === 'directory') place(tree, entry.path, { ...directory(mode), uid, gid });
    else if (entry.type === 'symlink') place(tree, entry.path, { ...symlink(entry.target), uid, gid });
    else place(tree, entry.path, { ...(await unchanged(entry)), uid, gid });
  }
}

/** The file as it was when its digest went into the key: another content must not be stored under that key. */
async function unchanged({ source, sha256, mode, path }: OverlayEntry): Promise<TreeNode> {
  const data = await readFile(source);
  if (createHash('sha256').update(data).digest('hex') !== sha256)
    throw new FormatFault(`${path}: ${source} was changed during the build`, 'build again');
  return { ...directory(mode), type: 'file', content: { data } };
}
