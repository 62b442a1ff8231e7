/** A file of the project that an option names: relative to the project, and inside it. */
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { displayPath } from './diagnostic.ts';
import { sha256OfFile } from './digest.ts';
import { suggest } from './nearest.ts';
import { noteRead } from './reads.ts';

export interface ProjectFile {
  /** Absolute. */
  path: string;
  sha256: string;
  /** Permission bits: 0o755 when its owner may execute it, else 0o644, whatever the umask of the checkout was. */
  mode: number;
}

type Found = { file: ProjectFile; fault: null } | { file: null; fault: { message: string; hint: string } };

/** Digests the file `name`; it may be a symbolic link as long as that stays inside the project. */
export async function loadProjectFile(project: string, name: string): Promise<Found> {
  const file = path.resolve(project, name);
  noteRead(file);
  if (path.isAbsolute(name) || !isBelow(path.resolve(project), file))
    return reject(`"${name}" lies outside the project`, 'name a file below its folder');
  try {
    const real = await realpath(file);
    if (!isBelow(await realpath(project), real))
      return reject(`"${name}" leads outside the project, to ${real}`, 'copy the file into it');
    const { mode, ...kind } = await stat(real).then(found => ({ mode: found.mode, isFile: found.isFile() }));
    if (!kind.isFile) return reject(`"${name}" is not a regular file`);
    return {
      file: { path: file, sha256: await sha256OfFile(real), mode: (mode & 0o100) === 0 ? 0o644 : 0o755 },
      fault: null,
    };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')
      return reject(`"${name}" cannot be read: ${String(error.code)}`);
    const near = suggest(name, await neighbours(project, name));
    return reject(`no file "${name}" in the project`, near === '' ? `it would be ${displayPath(file)}` : near);
  }
}

function reject(message: string, hint = ''): Found {
  return { file: null, fault: { message, hint } };
}

async function neighbours(project: string, name: string): Promise<string[]> {
  const folder = path.dirname(name);
  const entries = await readdir(path.join(project, folder), { withFileTypes: true }).catch(() => []);
  const files = entries.filter(entry => entry.isFile() && !entry.name.startsWith('.'));
  return files.map(entry => path.join(folder, entry.name)).sort();
}

const isBelow = (folder: string, file: string): boolean =>
  file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
