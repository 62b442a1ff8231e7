/** Lays the files of an overlay tree over a tree. */
import { stat } from 'node:fs/promises';
import type { OverlayTree } from '../config/types.ts';
import { directory, hostFile, place, symlink, type Tree } from './tree.ts';

/** An entry replaces what stands at its path; a directory keeps its content and takes mode and owner. */
export async function layOver(tree: Tree, overlay: OverlayTree): Promise<void> {
  for (const entry of overlay.entries) {
    const { uid, gid, mode } = entry;
    if (entry.type === 'directory') place(tree, entry.path, { ...directory(mode), uid, gid });
    else if (entry.type === 'symlink') place(tree, entry.path, { ...symlink(entry.target), uid, gid });
    else place(tree, entry.path, { ...hostFile(entry.source, (await stat(entry.source)).size, mode), uid, gid });
  }
}
