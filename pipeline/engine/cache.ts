/** Use of the cache by several processes at once: who reads it, who tidies it, and where each works. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolders, type Environment } from './environment.ts';
import { makeFolders } from './files.ts';
import { holdLock } from './lock.ts';

export interface CacheOptions {
  environment: Environment;
  signal: AbortSignal;
}

/**
 * Runs `work` while nobody removes anything from the cache; any number of processes may do so at once. The first of
 * them clears away what killed ones have left.
 */
export async function withCache<T>(options: CacheOptions, work: () => Promise<T>): Promise<T> {
  await withCacheAlone(options, () => clearScratch(options.environment));
  const held = await holdLock(await lockOf(options.environment), {
    ...options,
    onWait: () => undefined,
    mode: 'share',
  });
  try {
    return await work();
  } finally {
    await held?.end();
  }
}

/** Runs `work` if nobody uses the cache; otherwise does nothing and returns null. */
export async function withCacheAlone<T>(options: CacheOptions, work: () => Promise<T>): Promise<T | null> {
  const held = await holdLock(await lockOf(options.environment), { ...options, onWait: () => undefined, mode: 'try' });
  if (held === null) return null;
  try {
    return await work();
  } finally {
    await held.end();
  }
}

/** A new folder to work in, of whoever uses the cache; its maker removes it. */
export async function makeScratch(environment: Pick<Environment, 'cache'>, what: string): Promise<string> {
  const { scratch } = cacheFolders(environment.cache);
  await mkdir(scratch, { recursive: true });
  return mkdtemp(path.join(scratch, `${what}-`));
}

/** What is there when nobody uses the cache belongs to processes that were killed; their children may just be ending. */
async function clearScratch(environment: Environment): Promise<void> {
  const { scratch } = cacheFolders(environment.cache);
  for (const name of await readdir(scratch).catch((): string[] => []))
    await rm(path.join(scratch, name), { recursive: true, force: true, maxRetries: 5 });
}

async function lockOf(environment: Environment): Promise<string> {
  await makeFolders(environment.cache);
  return path.join(environment.cache, '.lock');
}
