/** A release as it lies in its folder. Nothing of it is believed here. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../engine/files.ts';
import { FormatFault } from '../../formats/fault.ts';
import { releaseFiles, type ReleaseFiles } from '../../formats/release-files.ts';
import { UsageFault } from '../context.ts';
import { decodeRecord, type ReleaseRecord } from './release-record.ts';

export interface ReleaseFolder {
  /** Host path. */
  folder: string;
  image: string;
  version: string;
  names: ReleaseFiles;
  /** Of all that is there, in byte order. */
  found: readonly string[];
  record: ReleaseRecord;
  /** Host path of a file of it. */
  at: (name: string) => string;
}

/** Longer ones than these are none. */
const LONGEST = 64 * 2 ** 20;

/** `record` is the fault of a build.json that cannot be read: the image is then the one that the lock is named after. */
export type OpenedRelease = Omit<ReleaseFolder, 'record'> & { record: ReleaseRecord | FormatFault };

/** Throws UsageFault for a folder that is none. */
export async function openRelease(folder: string): Promise<OpenedRelease> {
  const found = await namesIn(folder);
  const at = (name: string): string => path.join(folder, name);
  const sums = releaseFiles('', '');
  if (!found.includes(sums.sums) && !found.includes(sums.record))
    throw new UsageFault(
      `${folder} is no release: it has neither ${sums.sums} nor ${sums.record}`,
      'name the folder that `caisson release` made: OUT/NAME/VERSION',
    );
  const record = await recordOf(at(sums.record));
  const { image, version } = record instanceof FormatFault ? namesOf(folder, found) : record;
  return { folder, image, version, names: releaseFiles(image, version), found, record, at };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    throw new UsageFault(
      `${folder} ${codeOf(error) === 'ENOENT' ? 'is not there' : `cannot be read (${codeOf(error)})`}`,
      'name the folder of a release: OUT/NAME/VERSION',
    );
  }
}

async function recordOf(file: string): Promise<ReleaseRecord | FormatFault> {
  try {
    return decodeRecord(await releaseText(file));
  } catch (error) {
    if (error instanceof FormatFault) return error;
    throw error;
  }
}

function namesOf(folder: string, found: readonly string[]): { image: string; version: string } {
  const image = found
    .map(each => /^([a-z0-9][a-z0-9-]*)\.lock\.yaml$/.exec(each)?.[1])
    .find(each => each !== undefined);
  return { image: image ?? '', version: path.basename(path.resolve(folder)) };
}

/** Of a document of a release. Throws FormatFault for one that is missing, or far too long. */
export async function releaseText(file: string): Promise<string> {
  return (await releaseBytes(file)).toString('utf8');
}

export async function releaseBytes(file: string): Promise<Buffer> {
  await mustBeFile(file);
  const { size } = await lstat(file);
  if (size > LONGEST) throw new FormatFault(`${path.basename(file)} has ${size} bytes`, 'fetch the release again');
  return readFile(file);
}

/**
 * Comes before every open: opening a pipe waits for whoever writes to it, and a link may lead to what is not part of
 * the release. Throws FormatFault for what is none.
 */
export async function mustBeFile(file: string): Promise<void> {
  const found = await lstat(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (found?.isFile() === true) return;
  const what = found === null ? 'is missing' : 'is no regular file';
  throw new FormatFault(`${path.basename(file)} ${what}`, 'fetch the release again');
}
