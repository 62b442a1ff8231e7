/** All files of a volume with their digests: unpacked at once, and measured against what the inodes say. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { byPath, type ContentFile } from '../../formats/image-contents.ts';
import type { FileEntry } from '../../formats/partition-files.ts';
import { digestFile } from '../digest.ts';
import { tornFile } from './fault.ts';
import type { Programs } from './programs.ts';
import type { Unpacking, Volume } from './volume.ts';
import { mustFit } from './room.ts';
import { parseUnpacked, type UnpackedFile } from './unpacked.ts';

export interface Contents {
  volume: Pick<Volume, 'name' | 'filesystem'>;
  programs: Pick<Programs, 'unpacked' | 'fault'>;
  unpacking: Unpacking | null;
  /** Writes the bytes of one file to the host path `target`. */
  extract(path: string, target: string): Promise<void>;
  /** Host folder. */
  scratch: string;
  signal: AbortSignal;
}

/** By the bytes of whole paths, as sort(1) does in the C locale. Throws FormatFault for damage, BuildFault without room. */
export async function readContents(entries: readonly FileEntry[], contents: Contents): Promise<ContentFile[]> {
  const files = entries.filter(({ type }) => type === 'file');
  const found = await unpackedFiles(files, contents);
  const digests = new Map<string, string>();
  for (const file of files) digests.set(file.path, await digestOf(file, found.get(file.path), contents));
  return entries
    .map(({ path, type, mode, uid, gid, bytes, target }) => ({
      path,
      type,
      mode: mode ?? 0,
      uid: uid ?? 0,
      gid: gid ?? 0,
      bytes: type === 'file' ? bytes : 0,
      target,
      sha256: digests.get(path) ?? null,
    }))
    .toSorted(byPath);
}

async function unpackedFiles(
  files: readonly FileEntry[],
  { unpacking, programs, volume, scratch }: Contents,
): Promise<Map<string, UnpackedFile>> {
  if (unpacking === null) throw new Error(`nothing unpacks ${volume.filesystem}`);
  await mkdir(scratch, { recursive: true });
  const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
  await mustFit(all, { what: `what ${volume.name} holds`, folder: scratch });
  const longest = files.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  const found = parseUnpacked(await programs.unpacked(unpacking, { longest, all }));
  if (found === null) throw programs.fault('Caisson', 'names of its files are no text, or not distinct as text');
  return found;
}

/**
 * Programs that meet damage may go on, and end with 0: each file must be there, in its length. One that is longer is
 * asked for by itself: of data inside the inode debugfs writes all the room there is.
 */
async function digestOf(
  { path: wanted, bytes }: FileEntry,
  got: UnpackedFile | undefined,
  { volume, extract, scratch, signal }: Contents,
): Promise<string> {
  if (got === undefined || got.bytes < bytes) throw tornFile(volume, { path: wanted, bytes, got: got?.bytes ?? 0 });
  if (got.bytes === bytes) return got.sha256;
  const target = path.join(scratch, 'single');
  try {
    await extract(wanted, target);
    const digest = await digestFile(target, signal);
    if (digest.bytes !== bytes) throw tornFile(volume, { path: wanted, bytes, got: digest.bytes });
    return digest.sha256;
  } finally {
    await rm(target, { force: true });
  }
}
