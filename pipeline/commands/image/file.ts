/** Which file the user means by an image. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { nearest } from '../../config/nearest.ts';
import { UsageFault } from '../context.ts';

/** Names of files that hold a disk, or that somebody may take for one. */
export const DISK_FILE = /\.(vhdx|vhd|raw|img|qcow2|vmdk|vdi|zst|gz|xz|zip|efi)$/;

/** Formats that are read here, the cheapest to read first. */
const READ_FORMATS = ['vhdx', 'raw', 'vhd'] as const;

/** A path as it is; a name as the disk that a build of it left in the output folder, in a format that is read here. */
export async function imageFile(image: string, out: string): Promise<string> {
  const isPath = image.includes('/') || DISK_FILE.test(image);
  const candidates = isPath ? [image] : await builtFiles(path.join(out, image), image);
  for (const file of candidates) if ((await stat(file).catch(() => null))?.isFile()) return file;
  const near = isPath ? null : nearest(image, await readdir(out).catch(() => []));
  const build = near === null ? `build it first: caisson build ${image}` : `did you mean "${near}"?`;
  throw new UsageFault(`no image ${candidates.join(' or ')}`, isPath ? 'check the path' : build);
}

/** What the last build of an image left, by its build.json: a file of an earlier one may stand beside. */
export async function builtFiles(folder: string, image: string): Promise<string[]> {
  const readable = READ_FORMATS.map(format => `${image}.${format}`);
  try {
    const record = JSON.parse(await readFile(path.join(folder, 'build.json'), 'utf8')) as {
      artifacts: { path: string }[];
    };
    const made = record.artifacts.map(each => each.path);
    // What is not read here comes last, and is then refused by what it is.
    const others = made.filter(name => !readable.includes(name));
    return [...readable.filter(name => made.includes(name)), ...others].map(name => path.join(folder, name));
  } catch {
    return readable.map(name => path.join(folder, name));
  }
}
