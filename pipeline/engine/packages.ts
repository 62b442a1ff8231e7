/** The packages of a manifest: which they are, and their files in the pool. One process at a time asks the mirrors. */
import path from 'node:path';
import type { Lock } from '../config/lock.ts';
import type { Manifest } from '../config/types.ts';
import { PATIENCE } from '../debian/apt.ts';
import type { ResolvedPackage } from '../debian/stanza.ts';
import type { Emit } from '../report/events.ts';
import { cacheFolders, type Environment } from './environment.ts';
import { readControls } from './controls.ts';
import { BuildFault } from './fault.ts';
import { withLock, type LockOptions } from './lock.ts';
import { fetchLocked } from './locked-fetch.ts';
import { lockedResolution } from './locked.ts';
import { fetchPackages, lookIntoPool } from './pool.ts';
import type { Programs } from './programs.ts';
import { recordedResolution, resolvePackages, type Resolution } from './resolve.ts';
import { CACHE_REMEDY, explainFullDisk, type Need } from './room.ts';
import { timed } from './timed.ts';

export interface PackageOptions {
  environment: Environment;
  signal: AbortSignal;
  emit: Emit;
  /** Ask the mirrors anew, though an answer is recorded. */
  update: boolean;
  /** Ask no mirror for anything. */
  offline: boolean;
  /** What is in it is not asked; null without one. */
  lock: Lock | null;
  /** Folders and URLs that are asked for packages of a lock before the mirrors of the manifest. */
  mirrors: readonly string[];
}

/** What the lock says; else the recorded resolution, or a new one when there is none or `update` asks for it. */
export async function ensureResolution(
  manifest: Manifest,
  programs: Programs,
  options: PackageOptions,
): Promise<Resolution> {
  const folders = cacheFolders(options.environment.cache);
  const locked = options.lock === null ? null : await lockedResolution(options.lock, manifest, options.environment);
  if (locked !== null) return locked;
  const recorded = options.update ? null : await recordedResolution(folders.resolutions, manifest);
  if (recorded !== null) return recorded;
  if (options.offline)
    throw new BuildFault(
      `which packages rootfs-manifests/${manifest.name}.yaml means was never asked, or it was changed since`,
      'build once without --offline',
    );
  const task = {
    id: `resolve ${manifest.name}`,
    summary: `which packages rootfs-manifests/${manifest.name}.yaml means today`,
  };
  return timed(task, options, async () => {
    const lock = path.join(folders.locks, 'resolve');
    const resolution = await withLock(lock, lockOptions(task.id, options), async () => {
      const meanwhile = options.update ? null : await recordedResolution(folders.resolutions, manifest);
      return meanwhile ?? resolvePackages(manifest, { ...folders, programs, signal: options.signal });
    });
    return { value: resolution, detail: `${resolution.packages.length} packages` };
  });
}

/** As ensureFetched for several; throws one BuildFault with what each of them lacks. */
export async function ensureAllFetched(
  resolutions: readonly Resolution[],
  programs: Programs,
  options: PackageOptions,
): Promise<void> {
  const faults: BuildFault[] = [];
  for (const each of resolutions)
    await ensureFetched(each, programs, options).catch((error: unknown) => {
      if (!(error instanceof BuildFault)) throw error;
      faults.push(error);
    });
  const [first] = faults;
  if (first !== undefined) throw new BuildFault(faults.map(each => each.message).join('\n'), first.hint);
}

/** Brings every package of a resolution into the pool, those whose file was damaged there too. */
export async function ensureFetched(
  resolution: Resolution,
  programs: Programs,
  options: PackageOptions,
): Promise<void> {
  const { environment, signal, emit } = options;
  const { pool } = cacheFolders(environment.cache);
  const wanted = await wantedFrom(pool, resolution, options);
  if (wanted.length === 0) return;
  const { locked } = resolution;
  if (options.offline && locked === null) throw notInPool(resolution, wanted);
  const task = {
    id: `fetch ${resolution.manifest}`,
    summary: `packages of ${resolution.manifest} that are not in the pool`,
  };
  await timed(task, options, async () => {
    const onProgress = (fraction: number, detail: string): void =>
      emit({ type: 'progress', id: task.id, fraction, detail });
    const fetched = await withLock(path.join(pool, '.lock'), lockOptions(task.id, options), async () => {
      const still = await lookIntoPool(pool, wanted, signal);
      const packages = [...still.missing, ...still.damaged];
      // Whoever was waited for may have brought them all; apt-helper refuses to fetch nothing.
      if (packages.length === 0) return packages;
      const how = { pool, programs, patience: PATIENCE, signal, onProgress };
      const { mirrors, offline } = options;
      const fetching =
        locked === null ? fetchPackages(packages, how) : fetchLocked(packages, { ...how, locked, mirrors, offline });
      await fetching.catch(async error => {
        throw await explainFullDisk(error, needOf(task.id, packages, environment));
      });
      return packages;
    });
    const bytes = fetched.reduce((sum, each) => sum + each.bytes, 0);
    return { value: undefined, detail: `${fetched.length} packages, ${Math.round(bytes / 1e6)} MB` };
  });
}

/**
 * The same with a stanza for every package: those that are not known are read out of the packages, which are fetched for
 * that. `tree`: host path of a tree with dpkg-deb.
 */
export async function withStanzas(
  resolution: Resolution,
  { tree, programs, options }: { tree: string; programs: Programs; options: PackageOptions },
): Promise<Resolution> {
  if (resolution.packages.every(each => each.stanza !== '')) return resolution;
  await ensureFetched(resolution, programs, options);
  const { environment, signal } = options;
  const { pool } = cacheFolders(environment.cache);
  const controls = await readControls(resolution.packages, pool, { environment, signal, tree });
  return {
    ...resolution,
    packages: resolution.packages.map(each => ({ ...each, stanza: controls[each.sha256] ?? '' })),
  };
}

/** What to say while another process does the same. */
export function lockOptions(id: string, { environment, signal, emit }: PackageOptions): LockOptions {
  const detail = 'another build is at it';
  return { environment, signal, onWait: () => emit({ type: 'waiting', id, detail }) };
}

function needOf(what: string, packages: readonly ResolvedPackage[], { cache }: Environment): Need {
  const needed = packages.reduce((sum, each) => sum + each.bytes, 0);
  return { what, needed, unpacks: false, places: [{ folder: cache, remedy: CACHE_REMEDY }] };
}

async function wantedFrom(
  pool: string,
  resolution: Resolution,
  { signal, emit }: PackageOptions,
): Promise<ResolvedPackage[]> {
  const { missing, damaged } = await lookIntoPool(pool, resolution.packages, signal);
  for (const { name, version, sha256 } of damaged)
    emit({
      type: 'warning',
      message: `${name} ${version} in the pool is damaged: ${sha256}.deb has another digest than its name says`,
      hint: 'it is fetched again',
    });
  return [...missing, ...damaged];
}

function notInPool(resolution: Resolution, wanted: readonly ResolvedPackage[]): BuildFault {
  const named = wanted.slice(0, 5).map(each => `${each.name} ${each.version}`);
  const more = wanted.length > named.length ? ` and ${wanted.length - named.length} more` : '';
  return new BuildFault(
    `packages of rootfs-manifests/${resolution.manifest}.yaml are not in the pool: ${named.join(', ')}${more}`,
    'build once without --offline, or bring the pool of another machine',
  );
}
