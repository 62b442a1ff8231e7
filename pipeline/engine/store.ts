/** The store: what steps made, by key. An entry is absent or complete: it is written aside, synced and renamed. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Bytes } from '../formats/bytes.ts';
import type { Facts } from '../stages/stage.ts';

/** What is written beside an artifact, in entry.json. */
export interface Entry {
  key: string;
  step: string;
  stage: string;
  image: string;
  sha256: string;
  bytes: Bytes;
  facts: Facts;
  seconds: number;
  /** Published artifacts only: where it was put, and the state of that file, by which a change is noticed. */
  published: { path: string; mtimeMs: number; ino: number } | null;
}

const ARTIFACT = 'artifact';
const ENTRY = 'entry.json';

/** The entry with this key, or null when there is none or its artifact is not as long as it should be. */
export async function findEntry(store: string, key: string): Promise<{ entry: Entry; file: string } | null> {
  const entry = await readEntry(path.join(store, key));
  if (entry === null || entry.key !== key) return null;
  const file = entry.published?.path ?? path.join(store, key, ARTIFACT);
  const found = await stat(file).catch(() => null);
  if (found === null || found.size !== entry.bytes) return null;
  if (entry.published !== null && (found.mtimeMs !== entry.published.mtimeMs || found.ino !== entry.published.ino))
    return null;
  // The age of an entry is the time since it was last of use.
  const now = new Date();
  await utimes(path.join(store, key, ENTRY), now, now).catch(() => undefined);
  return { entry, file };
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
    await syncFile(artifact);
    await rename(artifact, path.join(aside, ARTIFACT));
  }
  await writeSynced(path.join(aside, ENTRY), `${JSON.stringify(entry, null, 2)}\n`);
  if (entry.published !== null || (await findEntry(store, entry.key)) === null) await moveAway(folder, `${aside}.old`);
  await rename(aside, folder).catch(error => {
    // Another build was faster; equal keys mean equal bytes.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  });
  await rm(aside, { recursive: true, force: true });
  await syncFolder(store);
  return path.join(folder, ARTIFACT);
}

/** In one go, so that nobody finds half of what was there. */
async function moveAway(folder: string, aside: string): Promise<void> {
  await rename(folder, aside).catch(error => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
  await rm(aside, { recursive: true, force: true });
}

/** Every entry with the bytes it takes on disk and when it was last of use. */
export async function listEntries(
  store: string,
): Promise<{ entry: Entry; folder: string; onDisk: Bytes; usedAt: Date }[]> {
  const names = await readdir(store).catch(() => []);
  const rows = [];
  for (const name of names) {
    const folder = path.join(store, name);
    const entry = await readEntry(folder);
    if (entry === null) continue;
    const artifact = await stat(path.join(folder, ARTIFACT)).catch(() => null);
    const { mtime } = await stat(path.join(folder, ENTRY));
    rows.push({ entry, folder, onDisk: (artifact?.blocks ?? 0) * 512, usedAt: mtime });
  }
  return rows.sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
}

/** SHA-256 of a file, in lower-case hex, and its length. With `extents` ([start, length], in order) only those are read: the rest is holes. */
export async function digestFile(
  file: string,
  signal: AbortSignal,
  extents: Extents | null = null,
): Promise<{ sha256: string; bytes: Bytes }> {
  const hash = createHash('sha256');
  const { size } = await stat(file);
  let at = 0;
  for (const [start, length] of extents ?? [[0, size]]) {
    feedZeros(hash, start - at, signal);
    if (length > 0) await feed(hash, file, { signal, start, end: start + length - 1 });
    at = start + length;
  }
  feedZeros(hash, size - at, signal);
  return { sha256: hash.digest('hex'), bytes: size };
}

/**
 * A digest for sparse files that stay in the store: of what the extents hold, each preceded by its place. Gigabytes
 * of holes cost nothing, and a moved block still shows.
 */
export async function digestExtents(
  file: string,
  signal: AbortSignal,
  extents: Extents,
): Promise<{ sha256: string; bytes: Bytes }> {
  const hash = createHash('sha256');
  const { size } = await stat(file);
  hash.update(`${size}\n`);
  for (const [start, length] of extents) {
    hash.update(`${start}+${length}\n`);
    await feed(hash, file, { signal, start, end: start + length - 1 });
  }
  return { sha256: hash.digest('hex'), bytes: size };
}

/** [start, length] of what is not a hole, in order. */
type Extents = readonly (readonly [Bytes, Bytes])[];

const ZEROS = Buffer.alloc(4 << 20);

function feedZeros(hash: Hash, bytes: Bytes, signal: AbortSignal): void {
  for (let left = bytes; left > 0; left -= ZEROS.length) {
    signal.throwIfAborted();
    hash.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
  }
}

async function feed(
  hash: Hash,
  file: string,
  { signal, ...range }: { signal: AbortSignal; start?: Bytes; end?: Bytes },
): Promise<void> {
  // A stream that is stopped before its file is open may never close it.
  signal.throwIfAborted();
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, signal, ...range }))
    hash.update(chunk as Buffer);
}

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
  const aside = `${file}.${process.pid}.tmp`;
  await writeSynced(aside, text);
  await rename(aside, file);
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readEntry(folder: string): Promise<Entry | null> {
  try {
    return JSON.parse(await readFile(path.join(folder, ENTRY), 'utf8')) as Entry;
  } catch {
    return null;
  }
}
