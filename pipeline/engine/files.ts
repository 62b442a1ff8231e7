/** Writing so that a file is absent, the old one, or complete, also after a power cut: sync, then rename. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from './fault.ts';

/** Writes a small file so that it is on the disk when this returns. */
export async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a small file by rename: readers see the old one or the new one, never half. */
export async function replaceFile(file: string, text: string): Promise<void> {
  // Several of us, or of containers that share the folder, may be at it.
  const aside = `${file}.${randomUUID()}.tmp`;
  await writeSynced(aside, text);
  await rename(aside, file);
}

/** What a file or folder holds is on the disk when this returns. fsync(2) wants no right to write. */
export async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder that a user named, and those above it, unless they are there. Not by mkdir's own `recursive`: below a
 * folder that takes no folders but says that it is not there, as /proc does, that never ends (Node 20), and not even a
 * signal ends the process. Throws BuildFault where it cannot be made; a full disk stays the system's error.
 */
export async function makeFolders(folder: string): Promise<void> {
  const target = path.resolve(folder);
  if (await isFolder(target)) return;
  if (path.dirname(target) !== target) await makeFolders(path.dirname(target));
  try {
    await mkdir(target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isFolder(target))) return;
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(error))) throw error;
    throw new BuildFault(
      `the folder ${target} cannot be made: ${codeOf(error)}`,
      'name another folder, or check who owns it',
    );
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => null))?.isDirectory() === true;
}

/** The code of a system error: ENOENT and the like; '' for other errors. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? '';
}
