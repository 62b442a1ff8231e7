/** The pool: .deb files by SHA-256, shared by all manifests; and the little repositories that mmdebstrap reads. */
import { createHash } from 'node:crypto';
import { link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { releaseFile } from '../debian/mmdebstrap.ts';
import { packagesIndex, type ResolvedPackage } from '../debian/stanza.ts';
import type { Manifest } from '../config/types.ts';
import type { Programs } from './programs.ts';

/**
 * Fetches what the pool does not have. apt-helper(1) does the fetching and checks each digest; a file gets its name
 * in the pool only when all of its batch are complete.
 */
export async function fetchPackages(
  packages: readonly ResolvedPackage[],
  options: { pool: string; programs: Programs; signal: AbortSignal; onProgress: (fraction: number, detail: string) => void },
): Promise<{ fetched: number; bytes: number }> {
  const { pool, programs, signal, onProgress } = options;
  await mkdir(pool, { recursive: true });
  const present = new Set(await readdir(pool));
  const missing = packages.filter(each => !present.has(`${each.sha256}.deb`));
  if (missing.length === 0) return { fetched: 0, bytes: 0 };
  const partial = path.join(pool, `partial-${process.pid}`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  const place = programs.place(partial);
  let seen = 0;
  try {
    const triplets = missing.flatMap(each => [each.uri, `${place}/${each.sha256}.deb`, `SHA256:${each.sha256}`]);
    await programs.run(['/usr/lib/apt/apt-helper', '-q', '-oAPT::Sandbox::User=root', '-oAcquire::Retries=3', 'download-file', ...triplets], {
      directory: partial,
      signal,
      onLine: line => {
        if (line.startsWith('Get:')) onProgress(++seen / missing.length, `${seen} of ${missing.length} packages`);
      },
    });
    for (const each of missing) await rename(path.join(partial, `${each.sha256}.deb`), path.join(pool, `${each.sha256}.deb`));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return { fetched: missing.length, bytes: missing.reduce((sum, each) => sum + each.bytes, 0) };
}

/** Makes a directory that apt can read as a repository of exactly these packages: links into the pool and an index. */
export async function makeRepository(folder: string, pool: string, manifest: Manifest, packages: readonly ResolvedPackage[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { sha256 } of packages) await link(path.join(pool, `${sha256}.deb`), path.join(folder, `${sha256}.deb`));
  const index = packagesIndex(packages);
  await writeFile(path.join(folder, 'Packages'), index);
  const sha256 = createHash('sha256').update(index).digest('hex');
  await writeFile(path.join(folder, 'Release'), releaseFile(manifest, { sha256, bytes: Buffer.byteLength(index) }));
}
