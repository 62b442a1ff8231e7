/** The pool: .deb files by SHA-256, shared by all manifests; and the little repositories that mmdebstrap reads. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { emptyDir } from 'fs-extra/esm';
import { releaseFile } from '../debian/mmdebstrap.ts';
import { packagesIndex, type ResolvedPackage } from '../debian/stanza.ts';
import type { Manifest } from '../config/types.ts';
import { digestFile } from './digest.ts';
import { explain, runFetch, type Failed, type FetchOptions } from './fetch.ts';
import { codeOf, sync } from './files.ts';

/** Packages the pool does not have, and those whose file there is not what its name says. */
export async function lookIntoPool(
  pool: string,
  packages: readonly ResolvedPackage[],
  signal: AbortSignal,
): Promise<{ missing: ResolvedPackage[]; damaged: ResolvedPackage[] }> {
  const missing: ResolvedPackage[] = [];
  const damaged: ResolvedPackage[] = [];
  for (const each of packages) {
    const file = debFile(pool, each);
    if ((await stat(file).catch(() => null)) === null) missing.push(each);
    else if ((await digestFile(file, signal)).sha256 !== each.sha256) damaged.push(each);
  }
  return { missing, damaged };
}

/**
 * Fetches packages into the pool, replacing what is there. apt-helper(1) does the fetching; a file gets its name in
 * the pool when it is complete and its digest is right, also when others of its batch fail. Throws BuildFault naming
 * package, URI and digest. The caller holds the pool's lock.
 */
export async function fetchPackages(
  packages: readonly ResolvedPackage[],
  options: Omit<FetchOptions, 'directory'> & { pool: string },
): Promise<void> {
  const failed = await fetchSome(packages, options);
  if (failed !== null) throw explain(failed, packages) as Error;
}

/** As fetchPackages, but tells what failed instead of throwing. */
export async function fetchSome(
  packages: readonly ResolvedPackage[],
  options: Omit<FetchOptions, 'directory'> & { pool: string },
): Promise<Failed | null> {
  return fillPool(options.pool, packages, async directory => runFetch(packages, { ...options, directory }));
}

/** `fill` gets a folder in which it leaves SHA256.deb of each package that it could get; what is right is taken in. */
export async function fillPool<T>(
  pool: string,
  packages: readonly ResolvedPackage[],
  fill: (directory: string) => Promise<T>,
): Promise<T> {
  const partial = path.join(pool, 'partial');
  await emptyDir(partial);
  try {
    return await fill(partial);
  } finally {
    // What is complete stays, also when others failed or the user stopped it.
    for (const each of packages) await takeIn(pool, path.join(partial, `${each.sha256}.deb`), each);
    await sync(pool);
    await rm(partial, { recursive: true, force: true });
  }
}

export interface RepositoryOptions {
  pool: string;
  manifest: Manifest;
  packages: readonly ResolvedPackage[];
  /** Control texts of the packages, whose files stand in a folder as SHA256.deb; by SHA-256. */
  readControls: (packages: readonly ResolvedPackage[], folder: string) => Promise<Record<string, string>>;
}

/** Makes a directory that apt can read as a repository of exactly these packages: links into the pool and an index. */
export async function makeRepository(
  folder: string,
  { pool, manifest, packages, readControls }: RepositoryOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const now = new Date();
  for (const each of packages) {
    const file = debFile(pool, each);
    const target = path.join(folder, `${each.sha256}.deb`);
    await link(file, target).catch(async error => {
      // A pool in another file system than the cache: a link of the user's own making.
      if (codeOf(error) !== 'EXDEV') throw error;
      await copyFile(file, target, constants.COPYFILE_FICLONE);
    });
    // apt leaves the mirror's time on it; here it says when it was last of use, for `cache prune`.
    await utimes(file, now, now);
  }
  const index = packagesIndex(packages, await readControls(packages, folder));
  await writeFile(path.join(folder, 'Packages'), index);
  const sha256 = createHash('sha256').update(index).digest('hex');
  await writeFile(path.join(folder, 'Release'), releaseFile(manifest, { sha256, bytes: Buffer.byteLength(index) }));
}

/** Names of the .deb files in the pool. */
export async function pooled(pool: string): Promise<string[]> {
  return (await readdir(pool).catch((): string[] => [])).filter(name => name.endsWith('.deb')).sort();
}

/** apt-helper leaves files that were cut off under the name of whole ones. */
async function takeIn(pool: string, file: string, each: ResolvedPackage): Promise<void> {
  const { signal } = new AbortController();
  if ((await stat(file).catch(() => null)) === null || (await digestFile(file, signal)).sha256 !== each.sha256) return;
  await sync(file);
  await rename(file, debFile(pool, each));
}

/** Where a package stands in the pool. */
export function debFile(pool: string, { sha256 }: Pick<ResolvedPackage, 'sha256'>): string {
  return path.join(pool, `${sha256}.deb`);
}
