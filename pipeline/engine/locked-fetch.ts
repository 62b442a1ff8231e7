/** Packages of a lock: fetched from wherever one of them is. Folders and mirrors are asked in turn. */
import { copyFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ResolvedPackage } from '../debian/stanza.ts';
import { digestFile } from './digest.ts';
import { BuildFault } from './fault.ts';
import { isWrongDigest, withoutPassword, type FetchOptions } from './fetch.ts';
import { pathBelow, uriBelow } from './locked.ts';
import { fetchSome, fillPool, lookIntoPool } from './pool.ts';
import type { LockedPlaces } from './resolve.ts';

export interface LockedFetch extends Omit<FetchOptions, 'directory'> {
  pool: string;
  locked: LockedPlaces;
  /** Folders and URLs that are asked before the manifest's mirrors. */
  mirrors: readonly string[];
  offline: boolean;
}

/** A folder, or the URL of a mirror? */
export const isUrl = (place: string): boolean => /^https?:\/\//.test(place);

/**
 * Fetches packages into the pool. One that a place does not have is asked of the next. Throws BuildFault for a file that
 * is not what the lock says, and one that names every package that is nowhere. The caller holds the pool's lock.
 */
export async function fetchLocked(packages: readonly ResolvedPackage[], options: LockedFetch): Promise<void> {
  const { pool, locked, signal } = options;
  const places = [...options.mirrors, ...locked.mirrors].filter(place => !(options.offline && isUrl(place)));
  const reasons = new Map<string, string>();
  let left = [...packages];
  for (const place of places) {
    if (left.length === 0) return;
    if (isUrl(place)) await fromMirror(place, left, { options, reasons });
    else await fromFolder(place, left, options);
    const still = await lookIntoPool(pool, left, signal);
    left = [...still.missing, ...still.damaged];
  }
  if (left.length > 0) throw nowhere(left, { places, options, reasons });
}

async function fromMirror(
  mirror: string,
  packages: readonly ResolvedPackage[],
  { options, reasons }: { options: LockedFetch; reasons: Map<string, string> },
): Promise<void> {
  const there = packages.map(each => ({ ...each, uri: uriBelow(mirror, pathOf(each, options)) }));
  const failed = await fetchSome(there, options);
  if (failed === null) return;
  for (const failure of failed.failures) {
    const each = there.find(({ uri }) => uri === failure.what);
    if (each === undefined) continue;
    if (isWrongDigest(failure)) throw altered(each, withoutPassword(each.uri), failure.received);
    if (!/^404\b/.test(failure.reason)) reasons.set(withoutPassword(mirror), failure.reason);
  }
  // Not a word of any package: the program itself failed.
  if (!failed.failures.some(failure => there.some(({ uri }) => uri === failure.what))) throw failed.error as Error;
}

/** Only regular files below the folder: a link out of it would read what its maker has no right to read. */
async function fromFolder(folder: string, packages: readonly ResolvedPackage[], options: LockedFetch): Promise<void> {
  const { pool, signal, onProgress } = options;
  const root = await realpath(folder);
  await fillPool(pool, packages, async partial => {
    for (const [index, each] of packages.entries()) {
      signal.throwIfAborted();
      const file = path.join(root, pathOf(each, options));
      const real = await realpath(file).catch(() => null);
      if (real === null) continue;
      if (real !== file || !(await stat(real)).isFile())
        throw new BuildFault(
          `${each.name} ${each.version}: ${file} is no regular file of its own below ${folder}`,
          'make the mirror anew: caisson mirror',
        );
      const { sha256 } = await digestFile(file, signal);
      if (sha256 !== each.sha256) throw altered(each, file, sha256);
      await copyFile(file, path.join(partial, `${each.sha256}.deb`));
      onProgress((index + 1) / packages.length, `${index + 1} of ${packages.length} packages`);
    }
  });
}

const pathOf = ({ uri }: ResolvedPackage, { locked }: LockedFetch): string =>
  pathBelow(locked.mirrors.slice(0, 1), uri);

function altered({ name, version, sha256 }: ResolvedPackage, where: string, received: string | null): BuildFault {
  return new BuildFault(
    `${name} ${version}: ${where} has ${received === null ? 'another digest' : `SHA-256 ${received}`}, the lock file says ${sha256}`,
    'the file was altered or replaced: bring the right one, or name another --mirror',
  );
}

function nowhere(
  packages: readonly ResolvedPackage[],
  {
    places,
    options,
    reasons,
  }: { places: readonly string[]; options: LockedFetch; reasons: ReadonlyMap<string, string> },
): BuildFault {
  const rows = packages.map(({ name, version, sha256 }) => `  ${name} ${version} (SHA-256 ${sha256})`);
  const asked = ['the pool', ...places.map(withoutPassword)].join(', ');
  const why = [...reasons].map(([place, reason]) => `\n  ${place}: ${reason}`).join('');
  const count = packages.length === 1 ? '1 package' : `${packages.length} packages`;
  return new BuildFault(
    `${count} of ${options.locked.file} cannot be had:\n${rows.join('\n')}\n  looked in: ${asked}${why}`,
    options.offline
      ? 'name a folder that has them with --mirror, or build once without --offline'
      : 'a snapshot mirror may have them: name it with --mirror',
  );
}
