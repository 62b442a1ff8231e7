/** Where a release is built again: the project with the lock of the release, and a cache whose store is empty. */
import { copyFile, cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { FOLDERS } from '../../config/places.ts';
import { loadProject } from '../../config/project.ts';
import { cacheFolders } from '../../engine/environment.ts';
import { STAGES } from '../../stages/index.ts';
import type { ReleaseFolder } from './release-folder.ts';
import type { Subject } from './subject.ts';

/**
 * Host path of the project itself, where its lock is that of the release; else of a copy of its documents, and of the
 * files that they name, with the other lock. Keys are not copied.
 */
export async function projectWithLock({
  context,
  release,
  scratch,
}: Pick<Subject, 'context' | 'scratch'> & { release: Pick<ReleaseFolder, 'image' | 'names' | 'at'> }): Promise<string> {
  const { project, home } = context;
  const manifests = FOLDERS.manifest;
  const { lock } = release.names;
  const released = await readFile(release.at(lock));
  const here = await readFile(path.join(project, manifests, lock)).catch(() => null);
  if (here?.equals(released) === true) return project;
  const folder = path.join(scratch, 'project');
  const request = { project, home, image: release.image, sets: [], stages: STAGES, lock: 'ignore' as const };
  const { files } = await loadProject(request);
  const there = await readdir(project);
  for (const name of Object.values(FOLDERS).filter(each => there.includes(each)))
    await cp(path.join(project, name), path.join(folder, name), { recursive: true, verbatimSymlinks: true });
  for (const each of Object.values(files)) {
    const target = path.join(folder, path.relative(project, each.path));
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(each.path, target);
  }
  await mkdir(path.join(folder, manifests), { recursive: true });
  await copyFile(release.at(lock), path.join(folder, manifests, lock));
  const copied = await readdir(folder);
  for (const name of there)
    if (!copied.includes(name)) await symlink(path.resolve(project, name), path.join(folder, name));
  return folder;
}

/** Packages and the trees of programs are shared: their digests decide what is in them. Returns the folder. */
export async function emptyStore(cache: string, folder: string): Promise<string> {
  await mkdir(folder);
  const [shared, own] = [cacheFolders(cache), cacheFolders(folder)];
  for (const name of ['pool', 'resolutions', 'trees', 'apt'] as const) {
    await mkdir(shared[name], { recursive: true });
    await symlink(shared[name], own[name]);
  }
  return folder;
}
