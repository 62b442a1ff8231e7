/** What the user means by one of the two: a lock file, or an image with what stands beside it. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { LOCK_SUFFIX } from '../../config/lock.ts';
import { builtFiles, imageFile } from '../image/file.ts';
import { UsageFault } from '../context.ts';
import { buildRecordIn } from './record.ts';

export type Target =
  | { kind: 'lock'; name: string; file: string }
  /** `built`: the name of an image that was built, whose definition names the programs that read it. */
  | { kind: 'image'; name: string; file: string; folder: string; built: string | null };

/** Throws UsageFault for a file that is not there, and for a folder that is no release. */
export async function findTarget(name: string, out: string): Promise<Target> {
  const found = await stat(name).catch(() => null);
  if (name.endsWith(LOCK_SUFFIX)) {
    if (found?.isFile() === true) return { kind: 'lock', name, file: name };
    throw new UsageFault(`no lock file ${name}`, 'check the path; caisson lock IMAGE makes one');
  }
  const isPath = name.includes('/') || name === '.';
  if (isPath && found?.isDirectory() === true) return releaseIn(name);
  const file = await imageFile(name, out);
  const built = file === name ? null : name;
  return { kind: 'image', name, file, folder: path.dirname(file), built };
}

async function releaseIn(folder: string): Promise<Target> {
  const record = await buildRecordIn(folder);
  const candidates = record === null ? [] : await builtFiles(folder, record.image);
  for (const file of candidates)
    if ((await stat(file).catch(() => null))?.isFile() === true)
      return { kind: 'image', name: folder, file, folder, built: null };
  throw new UsageFault(
    record === null ? `no release in ${folder}: it has no build.json that can be read` : `no image in ${folder}`,
    'name a folder that caisson release or caisson build made, an image file, or a lock file',
  );
}
