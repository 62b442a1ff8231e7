/** Files that a command makes for its user: none is replaced, and each is absent or complete. */
import { link, lstat, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, sync } from '../engine/files.ts';
import { CACHE_REMEDY, explainFullDisk } from '../engine/room.ts';
import type { CommandContext } from './context.ts';
import { UsageFault } from './context.ts';

export interface NewFile {
  /** Below the part folder. */
  made: string;
  /** Where its user wants it. */
  target: string;
}

export interface PartFolder {
  /** Host folder in the file system of the targets, its user's alone; gone afterwards. */
  folder: string;
  /** Syncs what was made and gives all of it its names, or none. */
  publish: (files: readonly NewFile[]) => Promise<void>;
}

/** Refuses, by UsageFault, a file that stands there, or that has no folder to stand in; `source` is what it is made from. */
export async function mustBeNew(target: string, source: string | null): Promise<void> {
  const folder = path.dirname(path.resolve(target));
  if ((await stat(folder).catch(() => null))?.isDirectory() !== true)
    throw new UsageFault(`${folder} is no folder`, 'make it first, or name another file');
  // Not stat: a link that leads nowhere is there too.
  if ((await lstat(target).catch(() => null)) === null) return;
  if (source !== null && (await isSameFile(target, source)))
    throw new UsageFault(`${target} is the image itself`, 'name another file: the image stays as it is');
  throw new UsageFault(`${target} is there already`, 'remove it, or name another file');
}

/** Gives `use` a folder beside `target`. Throws UsageFault where none can be made, BuildFault for a full disk. */
export async function withPartFolder<T>(
  context: Pick<CommandContext, 'environment' | 'signal'>,
  target: string,
  use: (part: PartFolder) => Promise<T>,
): Promise<T> {
  const { environment, signal } = context;
  const parent = path.dirname(path.resolve(target));
  const folder = await mkdtemp(path.join(parent, `.${path.basename(target)}.part-`)).catch(error => {
    // ENOENT is what /proc says.
    throw ['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(codeOf(error))
      ? new UsageFault(`nothing can be written into ${parent}`, 'check who owns it, or name another folder')
      : error;
  });
  try {
    const publish: PartFolder['publish'] = async files => publishAll(folder, files, signal);
    return await use({ folder, publish });
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === 'EFBIG')
      throw new UsageFault(
        `the file system of ${parent} holds no file as long as this disk`,
        'name a .vhdx, which is as long as what is on the disk, or another folder',
      );
    throw await explainFullDisk(error, {
      what: path.basename(target),
      needed: NEEDED,
      unpacks: false,
      places: [
        { folder: parent, remedy: 'name a file elsewhere with --out' },
        { folder: environment.cache, remedy: CACHE_REMEDY },
      ],
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a copy of an image without much on it takes, for the message of a full disk. */
const NEEDED = 2 ** 28;

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map(each => stat(each).catch(() => null)));
  return one != null && other != null && one.dev === other.dev && one.ino === other.ino;
}

async function publishAll(folder: string, files: readonly NewFile[], signal: AbortSignal): Promise<void> {
  for (const { made } of files) await sync(path.join(folder, made));
  signal.throwIfAborted();
  const published: string[] = [];
  try {
    for (const { made, target } of files) {
      await giveName(path.join(folder, made), target);
      published.push(target);
    }
  } catch (error) {
    for (const target of published) await rm(target, { force: true });
    throw error;
  }
  await sync(path.dirname(folder));
}

/** A link never takes the place of a file that came meanwhile, as a rename would; not every file system has links. */
async function giveName(made: string, target: string): Promise<void> {
  try {
    await link(made, target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') await mustBeNew(target, null);
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    await mustBeNew(target, null);
    await rename(made, target);
  }
}
