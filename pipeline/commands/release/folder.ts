/** The folder of a release: absent, or complete and on the disk. */
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, sync } from '../../engine/files.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { withPartFolder } from '../new-files.ts';

/** Throws UsageFault when something of that name is there. */
export async function mustBeNewRelease(target: string): Promise<void> {
  if ((await lstat(target).catch(() => null)) !== null) throw occupied(target);
}

/**
 * `fill` gets a folder; when it is done, all in it is synced and gets the name `target`, by one rename. The caller is
 * the only one to make releases beside it.
 */
export async function withReleaseFolder<T>(
  context: CommandContext,
  target: string,
  fill: (folder: string) => Promise<T>,
): Promise<T> {
  await mustBeNewRelease(target);
  await clearKilled(target);
  return withPartFolder(context, target, async part => {
    const made = path.join(part.folder, 'release');
    await mkdir(made, { mode: 0o755 });
    const value = await fill(made);
    for (const name of await readdir(made)) await sync(path.join(made, name));
    await sync(made);
    context.signal.throwIfAborted();
    await mustBeNewRelease(target);
    await rename(made, target).catch(error => {
      throw ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error)) ? occupied(target) : error;
    });
    await sync(path.dirname(target));
    return value;
  });
}

/** What a killed command began to make of the same release. */
async function clearKilled(target: string): Promise<void> {
  const parent = path.dirname(target);
  const start = `.${path.basename(target)}.part-`;
  for (const name of await readdir(parent))
    if (name.startsWith(start)) await rm(path.join(parent, name), { recursive: true, force: true });
}

function occupied(target: string): UsageFault {
  return new UsageFault(`${target} is there already`, 'a release is never replaced: give this one another --version');
}
