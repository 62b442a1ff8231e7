/** The packages of each manifest, as a new lock file has them: kept, held where apt allows it, or as the mirrors have them. */
import type { Lock, LockedManifest } from '../../config/lock.ts';
import { lockQuestion } from '../../config/lock.ts';
import type { Manifest } from '../../config/types.ts';
import { cacheFolders } from '../../engine/environment.ts';
import { BuildFault } from '../../engine/fault.ts';
import { askHolding, heldPackages } from '../../engine/held.ts';
import { withLock } from '../../engine/lock.ts';
import { lockedResolution, pathBelow } from '../../engine/locked.ts';
import { lockOptions, type PackageOptions } from '../../engine/packages.ts';
import { treePrograms, type Programs } from '../../engine/programs.ts';
import { recordedResolution, type Resolution } from '../../engine/resolve.ts';
import { timed } from '../../engine/timed.ts';
import { ensureTree, firstPrograms } from '../../engine/trees.ts';
import { compareText } from '../../config/diagnostic.ts';
import path from 'node:path';
import type { CommandContext } from '../context.ts';
import { packageManifests, toolsManifest, type LoadedProject } from '../build/prepare.ts';

/** `none`: what a lock has stays. `all`: nothing does. Names: those, and what they need, are as new as can be. */
export type Update = 'none' | 'all' | readonly string[];

export interface LockingOptions {
  project: LoadedProject;
  before: Lock | null;
  update: Update;
  offline: boolean;
  mirrors: readonly string[];
}

/** The tools first, by the host's apt; apt of the tools resolves all others, as in a build. */
export async function lockedManifests(
  context: CommandContext,
  options: LockingOptions,
): Promise<Record<string, LockedManifest>> {
  const { project, before } = options;
  const { environment, signal, emit } = context;
  const locking: Locking = {
    options,
    how: {
      environment,
      signal,
      emit,
      update: false,
      offline: options.offline,
      lock: before,
      mirrors: options.mirrors,
    },
  };
  const tools = toolsManifest(project);
  const entries: Record<string, LockedManifest> = {
    [tools.name]: await entryOf(tools, firstPrograms(environment), locking),
  };
  let programs: Programs | null = null;
  for (const manifest of packageManifests(project)) {
    if (Object.hasOwn(entries, manifest.name)) continue;
    const old = keptEntry(manifest, options);
    if (old === null && !options.offline) programs ??= await programsOf(tools, entries, locking);
    entries[manifest.name] = old ?? (await entryOf(manifest, programs ?? firstPrograms(environment), locking));
  }
  return entries;
}

interface Locking {
  options: LockingOptions;
  how: PackageOptions;
}

const entryIn = (lock: Lock | null, { name }: Manifest): LockedManifest | undefined =>
  lock !== null && Object.hasOwn(lock.manifests, name) ? lock.manifests[name] : undefined;

/** What the lock file has for a manifest, if that is to stay as it is. */
function keptEntry(manifest: Manifest, { before, update }: LockingOptions): LockedManifest | null {
  const old = entryIn(before, manifest);
  if (old === undefined || update === 'all' || old.question !== lockQuestion(manifest)) return null;
  const touched = update !== 'none' && old.packages.some(each => update.includes(each.name));
  return touched ? null : old;
}

async function entryOf(manifest: Manifest, programs: Programs, { options, how }: Locking): Promise<LockedManifest> {
  const kept = keptEntry(manifest, options);
  if (kept !== null) return kept;
  const old = entryIn(options.before, manifest);
  if (options.offline) return entryFrom(manifest, await recorded(manifest, how), old);
  const task = {
    id: `resolve ${manifest.name}`,
    summary: `which packages rootfs-manifests/${manifest.name}.yaml means today`,
  };
  return timed(task, how, async () => {
    const folders = cacheFolders(how.environment.cache);
    const resolution = await withLock(path.join(folders.locks, 'resolve'), lockOptions(task.id, how), async () => {
      const { before, update } = options;
      const held = before === null || update === 'all' ? [] : await heldPackages(manifest, before, how);
      const names = typeof update === 'string' ? [] : update;
      return askHolding(manifest, {
        apt: folders.apt,
        programs,
        signal: how.signal,
        held: held.filter(each => !names.includes(each.name)),
      });
    });
    return { value: entryFrom(manifest, resolution, old), detail: `${resolution.packages.length} packages` };
  });
}

async function recorded(manifest: Manifest, { environment }: PackageOptions): Promise<Resolution> {
  const found = await recordedResolution(cacheFolders(environment.cache).resolutions, manifest);
  if (found !== null) return found;
  throw new BuildFault(
    `which packages rootfs-manifests/${manifest.name}.yaml means was never asked, or it was changed since`,
    'build once, or lock without --offline',
  );
}

/** Packages that are the old entry's keep their path: of a held one apt does not say where it is. */
function entryFrom(manifest: Manifest, resolution: Resolution, old: LockedManifest | undefined): LockedManifest {
  const paths = new Map(old?.packages.map(each => [each.sha256, each.path]));
  const mirrors = manifest.mirrors.map(each => each.url);
  return {
    architecture: manifest.architecture,
    suite: manifest.suite,
    question: lockQuestion(manifest),
    asks: [...manifest.packages].sort(compareText),
    sources: resolution.sources,
    packages: resolution.packages.map(({ name, version, architecture, uri, bytes, sha256 }) => ({
      name,
      version,
      architecture,
      path: paths.get(sha256) ?? pathBelow(mirrors, uri),
      bytes,
      sha256,
    })),
  };
}

/** The tree of the tools as they were when they stay, else as they are now. */
async function programsOf(
  tools: Manifest,
  entries: Readonly<Record<string, LockedManifest>>,
  { options, how }: Locking,
): Promise<Programs> {
  const { environment } = how;
  const { project, before, update } = options;
  const old = update === 'all' || before?.manifests[tools.name]?.question !== lockQuestion(tools) ? null : before;
  const lock = old ?? { image: project.image.name, file: project.image.file, manifests: { ...entries } };
  const resolution = await lockedResolution(lock, tools, environment);
  if (resolution === null) throw new Error('the tools were not resolved');
  const host = firstPrograms(environment);
  return treePrograms(await ensureTree(tools, resolution, host, how), environment);
}
