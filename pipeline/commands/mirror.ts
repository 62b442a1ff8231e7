/** caisson mirror: every package of a lock file in a folder that builds without a network, also when served over http. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { compareText } from '../config/diagnostic.ts';
import { lockText, type Lock, type LockedPackage } from '../config/lock.ts';
import { sha256OfFile } from '../config/digest.ts';
import { withCache } from '../engine/cache.ts';
import { cacheFolders } from '../engine/environment.ts';
import { BuildFault } from '../engine/fault.ts';
import { makeFolders, replaceFile, sync } from '../engine/files.ts';
import { lockedResolution } from '../engine/locked.ts';
import { ensureAllFetched, type PackageOptions } from '../engine/packages.ts';
import { debFile } from '../engine/pool.ts';
import { timed } from '../engine/timed.ts';
import { firstPrograms } from '../engine/trees.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { mustBeMirrors } from './lock/rules.ts';
import { loadImage, packageManifests, type LoadedProject } from './build/prepare.ts';

export interface MirrorOptions {
  image: string;
  sets: readonly string[];
  /** Made when it is not there; what it has already is digested, and kept when it is right. */
  folder: string;
  offline: boolean;
  mirrors: readonly string[];
}

/** Throws UsageFault without a lock file, BuildFault for packages that cannot be had. */
export async function mirror(context: CommandContext, options: MirrorOptions): Promise<ExitCode> {
  return withCache(context, async (): Promise<ExitCode> => {
    const { image, sets } = options;
    await mustBeMirrors(options.mirrors);
    const project = await loadImage(context, { image, sets, formats: [], compress: 'none', bundle: false });
    const { lock } = project;
    if (lock === null)
      throw new UsageFault(
        `${project.image.name} has no lock file, so what to mirror is not known`,
        `caisson lock ${image}`,
      );
    await fetchAll(context, { ...options, project, lock });
    const packages = packagesOf(lock);
    const folder = path.resolve(options.folder);
    await makeFolders(folder);
    const copied = await exportAll(context, packages, folder);
    const lockName = path.basename(lock.file);
    await replaceFile(path.join(folder, lockName), lockText(lock));
    const lockSum = [lockName, await sha256OfFile(path.join(folder, lockName))] as const;
    const sums = [...packages.map(each => [each.path, each.sha256] as const), lockSum];
    await replaceFile(path.join(folder, SUMS), await sumsText(folder, new Map(sums)));
    await sync(folder);
    const bytes = packages.reduce((sum, each) => sum + each.bytes, 0);
    context.print(
      context.json
        ? `${JSON.stringify({ folder, packages: packages.length, copied, bytes }, null, 2)}\n`
        : `${options.folder}: ${packages.length} packages, ${Math.round(bytes / 1e6)} MB, ${copied} of them new\n`,
    );
    return 0;
  });
}

const SUMS = 'SHA256SUMS';

async function fetchAll(
  context: CommandContext,
  { project, lock, offline, mirrors }: MirrorOptions & { project: LoadedProject; lock: Lock },
): Promise<void> {
  const { environment, signal, emit } = context;
  const options: PackageOptions = { environment, signal, emit, update: false, offline, lock, mirrors };
  const manifests = packageManifests(project);
  const resolutions = await Promise.all(manifests.map(async each => lockedResolution(lock, each, environment)));
  const known = resolutions.filter(each => each !== null);
  await ensureAllFetched(known, firstPrograms(environment), options);
}

/** Of all manifests, each path once, by path. */
function packagesOf(lock: Lock): LockedPackage[] {
  const byPath = new Map<string, LockedPackage>();
  for (const each of Object.values(lock.manifests).flatMap(({ packages }) => packages)) {
    const other = byPath.get(each.path);
    if (other !== undefined && other.sha256 !== each.sha256)
      throw new BuildFault(
        `${each.path} is two files: SHA-256 ${other.sha256} of one manifest, ${each.sha256} of another`,
        'their mirrors differ, so one folder cannot stand for both',
      );
    byPath.set(each.path, each);
  }
  return [...byPath.values()].sort((a, b) => compareText(a.path, b.path));
}

/** Returns how many were not there. */
async function exportAll(context: CommandContext, packages: readonly LockedPackage[], folder: string): Promise<number> {
  const { environment, emit, signal } = context;
  const { pool } = cacheFolders(environment.cache);
  const task = { id: 'export', summary: `packages into ${folder}` };
  return timed(task, context, async () => {
    let copied = 0;
    for (const [index, each] of packages.entries()) {
      signal.throwIfAborted();
      const file = path.join(folder, each.path);
      if (!(await isRight(file, each))) {
        await put(debFile(pool, each), file);
        copied++;
      }
      const detail = `${index + 1} of ${packages.length} packages`;
      emit({ type: 'progress', id: task.id, fraction: (index + 1) / packages.length, detail });
    }
    return { value: copied, detail: `${copied} packages` };
  });
}

async function isRight(file: string, { bytes, sha256 }: LockedPackage): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true && found.size === bytes && (await sha256OfFile(file)) === sha256;
}

async function put(from: string, file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}.tmp`;
  await makeFolders(path.dirname(file));
  try {
    await copyFile(from, aside, constants.COPYFILE_FICLONE);
    await sync(aside);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** As sha256sum(1) writes and checks it. Files of other lock files that are in the folder keep their lines. */
async function sumsText(folder: string, own: ReadonlyMap<string, string>): Promise<string> {
  const before = await readFile(path.join(folder, SUMS), 'utf8').catch(() => '');
  const lines = new Map<string, string>();
  for (const line of before.split('\n')) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined) continue;
    if ((await stat(path.join(folder, name)).catch(() => null)) !== null) lines.set(name, sha256);
  }
  for (const [name, sha256] of own) lines.set(name, sha256);
  return [...lines]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, sha256]) => `${sha256}  ${name}\n`)
    .join('');
}
