/** The pool: .deb files by SHA-256, shared by all manifests; and the little repositories that mmdebstrap reads. */
import { createHash } from 'node:crypto';
import { link, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { emptyDir } from 'fs-extra/esm';
import { releaseFile } from '../debian/mmdebstrap.ts';
import { packagesIndex, type ResolvedPackage } from '../debian/stanza.ts';
import type { Manifest } from '../config/types.ts';
import { BuildFault } from './fault.ts';
import { WORKPLACE, type Programs } from './programs.ts';
import { ProcessFailure } from './run.ts';

/**
 * Fetches what the pool does not have. apt-helper(1) does the fetching and checks each digest; a file gets its name
 * in the pool only when all of its batch are complete.
 */
export async function fetchPackages(
  packages: readonly ResolvedPackage[],
  options: {
    pool: string;
    programs: Programs;
    signal: AbortSignal;
    onProgress: (fraction: number, detail: string) => void;
  },
): Promise<{ fetched: number; bytes: number }> {
  const { pool, programs, signal, onProgress } = options;
  await mkdir(pool, { recursive: true });
  const present = new Set(await readdir(pool));
  const missing = packages.filter(each => !present.has(`${each.sha256}.deb`));
  if (missing.length === 0) return { fetched: 0, bytes: 0 };
  const partial = path.join(pool, `partial-${process.pid}`);
  await emptyDir(partial);
  let seen = 0;
  try {
    const triplets = missing.flatMap(each => [each.uri, `${WORKPLACE}/${each.sha256}.deb`, `SHA256:${each.sha256}`]);
    await programs
      .run(
        [
          '/usr/lib/apt/apt-helper',
          '-q',
          '-oAPT::Sandbox::User=root',
          '-oAcquire::Retries=3',
          'download-file',
          ...triplets,
        ],
        {
          directory: partial,
          signal,
          onLine: line => {
            if (line.startsWith('Get:'))
              onProgress(Math.min(++seen / missing.length, 1), `${seen} of ${missing.length} packages`);
          },
        },
      )
      .catch(error => {
        throw explain(error, missing);
      });
    for (const each of missing)
      await rename(path.join(partial, `${each.sha256}.deb`), path.join(pool, `${each.sha256}.deb`));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return { fetched: missing.length, bytes: missing.reduce((sum, each) => sum + each.bytes, 0) };
}

/** Makes a directory that apt can read as a repository of exactly these packages: links into the pool and an index. */
export async function makeRepository(
  folder: string,
  pool: string,
  manifest: Manifest,
  packages: readonly ResolvedPackage[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const now = new Date();
  for (const { sha256 } of packages) {
    const file = path.join(pool, `${sha256}.deb`);
    await link(file, path.join(folder, `${sha256}.deb`));
    // apt leaves the mirror's time on it; here it says when it was last of use, for `cache prune`.
    await utimes(file, now, now);
  }
  const index = packagesIndex(packages);
  await writeFile(path.join(folder, 'Packages'), index);
  const sha256 = createHash('sha256').update(index).digest('hex');
  await writeFile(path.join(folder, 'Release'), releaseFile(manifest, { sha256, bytes: Buffer.byteLength(index) }));
}

/** apt names the URL and what happened: a package that is gone from the mirror has a way out of its own. */
function explain(error: unknown, missing: readonly ResolvedPackage[]): unknown {
  if (!(error instanceof ProcessFailure)) return error;
  const line = error.output.find(each => /^(E: |Err:)/.test(each)) ?? error.message;
  const gone = missing.find(each =>
    error.output.some(text => text.includes(each.uri) && /404|not found/i.test(error.output.join(' '))),
  );
  if (gone === undefined)
    return new BuildFault(
      `packages could not be fetched: ${line}`,
      'is the mirror reachable? What was fetched so far is not lost',
    );
  return new BuildFault(
    `${gone.name} ${gone.version} (SHA-256 ${gone.sha256}) is no longer at ${gone.uri}`,
    'the mirror has a newer one: build with --update',
  );
}
