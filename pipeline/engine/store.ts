/** The store: what steps made, by key. An entry is absent or complete: it is written aside, synced and renamed. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Bytes } from '../formats/bytes.ts';
import type { Facts } from '../stages/stage.ts';
import { digestArtifact } from './digest.ts';
import { codeOf, replaceFile, sync, writeSynced } from './files.ts';

/** What is written beside an artifact, in entry.json. */
export interface Entry {
  key: string;
  /** What the key is made of, by name: tells later why a step with another key was built. */
  parts: Readonly<Record<string, string>>;
  step: string;
  stage: string;
  image: string;
  sha256: string;
  bytes: Bytes;
  facts: Facts;
  seconds: number;
  /** Published artifacts only: where it was put. All others are in the store. */
  published: string | null;
}

/** What the store has by a key. `fault`: why what it has is of no use; empty when it never had anything. */
export type Found = { entry: Entry; file: string; fault: null } | { entry: null; file: null; fault: string };

const ARTIFACT = 'artifact';
const ENTRY = 'entry.json';

export interface FindOptions {
  /** Host path at which a published artifact is wanted; null for one that is in the store. */
  published: string | null;
  /** When its bytes are digested: if the file changed since that was last done, or always. */
  check: 'changed' | 'always';
  signal: AbortSignal;
}

/**
 * The entry with this key. A change of its artifact shows by the ctime (inode(7)), which no program can set: writing,
 * replacing and restoring a file all change it.
 */
export async function findEntry(store: string, key: string, { published, check, signal }: FindOptions): Promise<Found> {
  const folder = path.join(store, key);
  const record = await readRecord(folder);
  if (record === null) return none(await describeRemains(folder));
  const { entry } = record;
  if (entry.key !== key) return none(`${folder} holds the entry of key ${entry.key}`);
  if (entry.published !== published) return none('');
  const file = fileOf(folder, entry);
  const state = await stateOf(file);
  if (state === null) return none(published === null ? `${file} is gone` : '');
  if (check === 'always' || state !== record.state) {
    const fault = await checkArtifact(file, entry, signal);
    if (fault !== null) return none(fault);
    // Only after the digest: whoever changed the file meanwhile is noticed the next time.
    // And if the entry was removed meanwhile, the file that was looked at is the same.
    if (state !== record.state)
      await writeRecord(path.join(folder, ENTRY), { entry, state }, replaceFile).catch(ignoreMissing);
  }
  // The age of an entry is the time since it was last of use.
  const now = new Date();
  await utimes(path.join(folder, ENTRY), now, now).catch(() => undefined);
  return { entry, file, fault: null };
}

/** What is wrong with the bytes of an entry's artifact; null when its digest is what it was when it was made. */
export async function checkArtifact(file: string, entry: Entry, signal: AbortSignal): Promise<string | null> {
  try {
    const { size } = await stat(file);
    if (size !== entry.bytes) return `${file} has ${size} bytes instead of ${entry.bytes}`;
    const { sha256 } = await digestArtifact(file, { facts: entry.facts, published: entry.published !== null }, signal);
    return sha256 === entry.sha256 ? null : `${file} has SHA-256 ${sha256} instead of ${entry.sha256}`;
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'EIO', 'EACCES'].includes(codeOf(error))) return (error as Error).message;
    throw error;
  }
}

/**
 * Moves `artifact` into the store under `entry.key` and returns its new path; of a published one only the record is
 * written. The entry is made beside `artifact`, which must be in the file system of the store.
 */
export async function putEntry(store: string, entry: Entry, artifact: string): Promise<string> {
  const folder = path.join(store, entry.key);
  const aside = `${artifact}.entry`;
  await mkdir(store, { recursive: true });
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside);
  if (entry.published === null) {
    await sync(artifact);
    await rename(artifact, path.join(aside, ARTIFACT));
  }
  // The rename above was the last thing to change the artifact's ctime; that of the folder does not.
  const state = (await stateOf(entry.published ?? path.join(aside, ARTIFACT))) ?? '';
  await writeRecord(path.join(aside, ENTRY), { entry, state }, writeSynced);
  await sync(aside);
  await moveAway(folder, `${aside}.old`);
  await rename(aside, folder).catch(error => {
    // Another step with the same key was faster; equal keys mean equal bytes.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
  });
  await rm(aside, { recursive: true, force: true });
  await sync(store);
  return path.join(folder, ARTIFACT);
}

/** An entry as it stands in the store, sound or not. */
export interface Listed {
  entry: Entry;
  folder: string;
  /** Host path of its artifact. */
  file: string;
  /** The file is gone, or was written or replaced since it was last digested. */
  touched: boolean;
  /** Bytes that the entry takes of the store's disk. */
  onDisk: Bytes;
  usedAt: Date;
}

/** Every entry, the last used first. */
export async function listEntries(store: string): Promise<Listed[]> {
  const names = await readdir(store).catch(() => []);
  const rows: Listed[] = [];
  for (const name of names) {
    const folder = path.join(store, name);
    const record = await readRecord(folder);
    if (record === null) continue;
    const artifact = await stat(path.join(folder, ARTIFACT)).catch(() => null);
    const written = await stat(path.join(folder, ENTRY)).catch(() => null);
    // Removed meanwhile.
    if (written === null) continue;
    const { entry, state } = record;
    rows.push({
      entry,
      folder,
      file: fileOf(folder, entry),
      touched: (await stateOf(fileOf(folder, entry))) !== state,
      onDisk: (artifact?.blocks ?? 0) * 512,
      usedAt: written.mtime,
    });
  }
  return rows.sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
}

/** Folders of the store that are no entries: their record is damaged or missing. */
export async function brokenEntries(store: string): Promise<string[]> {
  const folders = (await readdir(store).catch((): string[] => [])).sort().map(name => path.join(store, name));
  const broken = await Promise.all(folders.map(async folder => ((await readRecord(folder)) === null ? [folder] : [])));
  return broken.flat();
}

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function none(fault: string): Found {
  return { entry: null, file: null, fault };
}

function fileOf(folder: string, entry: Entry): string {
  return entry.published ?? path.join(folder, ARTIFACT);
}

/** In one go, so that nobody finds half of what was there. */
async function moveAway(folder: string, aside: string): Promise<void> {
  await rename(folder, aside).catch(ignoreMissing);
  await rm(aside, { recursive: true, force: true });
}

/** By which a change of the file is noticed without reading it; null when there is no file. */
async function stateOf(file: string): Promise<string | null> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  return found?.isFile() ? `${found.size} bytes, changed ${found.ctimeNs}` : null;
}

interface StoredRecord {
  entry: Entry;
  /** Of the artifact's file when it was last digested. */
  state: string;
}

async function writeRecord(
  file: string,
  record: StoredRecord,
  write: (file: string, text: string) => Promise<void>,
): Promise<void> {
  await write(file, `${JSON.stringify({ seal: sealOf(record), ...record }, null, 2)}\n`);
}

async function readRecord(folder: string): Promise<StoredRecord | null> {
  try {
    const { seal, ...record } = JSON.parse(await readFile(path.join(folder, ENTRY), 'utf8')) as StoredRecord & {
      seal: string;
    };
    return seal === sealOf(record) ? record : null;
  } catch {
    return null;
  }
}

/** The record has no other guard: a bit that flips in its facts would end in the image. */
function sealOf(record: StoredRecord): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex');
}

async function describeRemains(folder: string): Promise<string> {
  const remains = await stat(folder).catch(() => null);
  return remains === null ? '' : `${path.join(folder, ENTRY)} is missing or damaged`;
}
