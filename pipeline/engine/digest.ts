/** SHA-256 of artifacts. Sparse ones are digested by their extents: gigabytes of holes cost nothing. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import type { Facts } from '../stages/stage.ts';

/** Lower-case hex, and the length of the file. */
export interface Digest {
  sha256: string;
  bytes: Bytes;
}

/** [start, length] of what is not a hole, in order. */
export type Extents = readonly (readonly [Bytes, Bytes])[];

/**
 * The digest of a step's artifact. Of a sparse file only what is not a hole is read; its stage says so by the fact
 * `extents`. A published file gets the digest that sha256sum(1) gives; one in the store that of `digestExtents`.
 */
export async function digestArtifact(
  file: string,
  { facts, published }: { facts: Facts; published: boolean },
  signal: AbortSignal,
): Promise<Digest> {
  const extents = Array.isArray(facts.extents) ? (facts.extents as [Bytes, Bytes][]) : null;
  if (extents !== null && !published && !(await isWhole(file, extents))) return digestExtents(file, signal, extents);
  return digestFile(file, signal, extents);
}

/** SHA-256 of a file, and its length. With `extents` only those are read: the rest is holes. */
export async function digestFile(file: string, signal: AbortSignal, extents: Extents | null = null): Promise<Digest> {
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

/** SHA-256 of a part of a file, hexadecimal; [start, end). */
export async function digestSpan(
  file: string,
  { start, end }: { start: Bytes; end: Bytes },
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  if (end > start) await feed(hash, file, { signal, start, end: end - 1 });
  return hash.digest('hex');
}

/** A digest for sparse files that stay in the store: of what the extents hold, each preceded by its place. */
export async function digestExtents(file: string, signal: AbortSignal, extents: Extents): Promise<Digest> {
  const hash = createHash('sha256');
  const { size } = await stat(file);
  hash.update(`${size}\n`);
  for (const [start, length] of extents) {
    hash.update(`${start}+${length}\n`);
    await feed(hash, file, { signal, start, end: start + length - 1 });
  }
  return { sha256: hash.digest('hex'), bytes: size };
}

async function isWhole(file: string, extents: Extents): Promise<boolean> {
  const [first] = extents;
  return extents.length === 1 && first?.[0] === 0 && first[1] === (await stat(file)).size;
}

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
