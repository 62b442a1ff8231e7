/**
 * Trees of programs: the tools tree that every stage runs in, and the tree with QEMU. A tree is a rootfs like any
 * other, but unpacked into a folder that belongs to the user, whoever that is.
 */
import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { emptyDir } from 'fs-extra/esm';
import type { Manifest } from '../config/types.ts';
import { mmdebstrapArgv } from '../debian/mmdebstrap.ts';
import type { Emit } from '../report/events.ts';
import { cacheFolders, fixedEnvironment, type Environment } from './environment.ts';
import { fetchPackages, makeRepository } from './pool.ts';
import { treePrograms, WORKPLACE, type Programs } from './programs.ts';
import { recordedResolution, resolvePackages, type Resolution } from './resolve.ts';
import { runProcess } from './run.ts';
import { sandboxArgv } from './sandbox.ts';
import { timed } from './timed.ts';

export interface TreeOptions {
  environment: Environment;
  signal: AbortSignal;
  emit: Emit;
  update: boolean;
}

/** The recorded resolution, or a new one when there is none or `update` asks for it. */
export async function ensureResolution(
  manifest: Manifest,
  programs: Programs,
  options: TreeOptions,
): Promise<Resolution> {
  const folders = cacheFolders(options.environment.cache);
  const recorded = options.update ? null : await recordedResolution(folders.resolutions, manifest);
  if (recorded !== null) return recorded;
  const task = {
    id: `resolve ${manifest.name}`,
    summary: `which packages rootfs-manifests/${manifest.name}.yaml means today`,
  };
  return timed(task, options, async () => {
    const resolution = await resolvePackages(manifest, { ...folders, programs, signal: options.signal });
    return { value: resolution, detail: `${resolution.packages.length} packages` };
  });
}

/** Brings every package of a resolution into the pool. */
export async function ensureFetched(resolution: Resolution, programs: Programs, options: TreeOptions): Promise<void> {
  const { pool } = cacheFolders(options.environment.cache);
  const missing = await missingFrom(pool, resolution);
  if (missing.length === 0) return;
  const task = {
    id: `fetch ${resolution.manifest}`,
    summary: `packages of ${resolution.manifest} that are not in the pool`,
  };
  await timed(task, options, async () => {
    const onProgress = (fraction: number, detail: string): void =>
      options.emit({ type: 'progress', id: task.id, fraction, detail });
    const { fetched, bytes } = await fetchPackages(missing, { pool, programs, signal: options.signal, onProgress });
    return { value: undefined, detail: `${fetched} packages, ${Math.round(bytes / 1e6)} MB` };
  });
}

/**
 * Host path of the tree that a resolved manifest describes, made when the cache has none. The host's own mmdebstrap
 * makes it; maintainer scripts run, so nothing about the tree is special to Caisson.
 */
export async function ensureTree(
  manifest: Manifest,
  resolution: Resolution,
  programs: Programs,
  options: TreeOptions,
): Promise<string> {
  const { environment, signal } = options;
  const folders = cacheFolders(environment.cache);
  const key = createHash('sha256')
    .update(JSON.stringify({ resolution: resolution.digest, manifest: { ...manifest, file: '' } }))
    .digest('hex');
  const tree = path.join(folders.trees, `${manifest.name}-${key.slice(0, 16)}`);
  if (await stat(tree).catch(() => null)) {
    await utimes(tree, new Date(), new Date());
    return tree;
  }
  await ensureFetched(resolution, programs, options);
  const task = { id: `tree ${manifest.name}`, summary: `programs of rootfs-manifests/${manifest.name}.yaml` };
  return timed(task, options, async () => {
    const scratch = path.join(folders.scratch, `tree-${process.pid}`);
    await emptyDir(scratch);
    await mkdir(folders.logs, { recursive: true });
    await mkdir(folders.trees, { recursive: true });
    const log = path.join(folders.logs, `tree-${manifest.name}.log`);
    await rm(log, { force: true });
    try {
      await makeRepository(path.join(scratch, 'repository'), folders.pool, manifest, resolution.packages);
      await bootstrap(manifest, scratch, {
        environment,
        signal,
        log,
        emit: options.emit,
        id: task.id,
        packages: resolution.packages.length,
      });
      await rename(path.join(scratch, 'tree'), tree).catch(error => {
        // Another process was faster; it made the same.
        if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      });
      // Its age counts from its making, not from the epoch that its files carry.
      await utimes(tree, new Date(), new Date());
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    return { value: tree, detail: `${resolution.packages.length} packages` };
  });
}

async function missingFrom(pool: string, resolution: Resolution): Promise<Resolution['packages']> {
  const rows = await Promise.all(
    resolution.packages.map(async each =>
      (await stat(path.join(pool, `${each.sha256}.deb`)).catch(() => null)) === null ? [each] : [],
    ),
  );
  return rows.flat();
}

interface BootstrapContext {
  environment: Environment;
  signal: AbortSignal;
  log: string;
  emit: Emit;
  id: string;
  packages: number;
}

/** The host's own mmdebstrap, in the same sandbox and namespaces as the one of the tools tree later. */
async function bootstrap(manifest: Manifest, scratch: string, context: BootstrapContext): Promise<void> {
  const { environment, signal, log } = context;
  const argv = mmdebstrapArgv({ manifest, repository: `${WORKPLACE}/repository`, out: `${WORKPLACE}/tree.tar` });
  const temporary = path.join(scratch, 'tmp');
  await mkdir(temporary);
  const sandbox = {
    tree: '/',
    binds: [{ host: scratch, inside: WORKPLACE, writable: true }],
    env: fixedEnvironment(0),
    cwd: WORKPLACE,
    network: false,
    identities: 'many',
    scratch: temporary,
    devices: [],
  } as const;
  const settings = { env: { ...fixedEnvironment(0), PATH: environment.path }, signal, log };
  await runProcess(sandboxArgv(sandbox, argv, environment), { ...settings, onLine: countSetUp(context), title: argv });
  const tree = path.join(scratch, 'tree');
  await mkdir(tree);
  // --no-same-owner: the tree is its user's own, so that the same user can delete it; programs do not mind.
  await runProcess(
    [
      'tar',
      '--extract',
      `--file=${path.join(scratch, 'tree.tar')}`,
      `--directory=${tree}`,
      '--no-same-owner',
      '--delay-directory-restore',
      '--exclude=./dev/*',
    ],
    settings,
  );
  // Mount points for bubblewrap: the tree is mounted read-only.
  for (const name of ['etc/resolv.conf', 'etc/hosts']) {
    await rm(path.join(tree, name), { force: true });
    await writeFile(path.join(tree, name), '');
  }
}

function countSetUp({ emit, id, packages }: BootstrapContext): (line: string) => void {
  let done = 0;
  return line => {
    if (!line.startsWith('Setting up ')) return;
    done = Math.min(done + 1, packages);
    emit({
      type: 'progress',
      id,
      fraction: done / packages,
      detail: line.slice('Setting up '.length).replace(/ \.\.\.$/, ''),
    });
  };
}

/** The host's programs: they make the first tree, when there is none yet to run anything in. */
export function firstPrograms(environment: Environment): Programs {
  return treePrograms('/', environment);
}
