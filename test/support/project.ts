/** Copies of our own project, with keys for updates, as every build of its definitions needs them. */
import { cp } from 'node:fs/promises';
import path from 'node:path';

/** What a definition is built from. */
const FOLDERS = ['pipeline', 'layouts', 'overlays', 'rootfs-manifests'];

/** Without keys, whatever lies in the project. */
export async function copyProject(from: string, to: string): Promise<void> {
  for (const name of FOLDERS)
    await cp(path.join(from, name), path.join(to, name), { recursive: true, verbatimSymlinks: true });
}

/** With the keys of that project, so that the same definition has the same steps. */
export async function copyWithKeys(from: string, to: string): Promise<void> {
  await copyProject(from, to);
  await cp(path.join(from, 'keys'), path.join(to, 'keys'), { recursive: true });
}
