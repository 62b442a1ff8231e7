/**
 * Trees of programs: the tools tree that every stage runs in, and the tree with QEMU. A tree is a rootfs like any
 * other, but unpacked into a folder that belongs to the user, whoever that is.
 */
import { createHash } from 'node:crypto';
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Manifest } from '../config/types.ts';
import { mmdebstrapArgv } from '../debian/mmdebstrap.ts';
import type { Emit, Task } from '../report/events.ts';
import { makeScratch } from './cache.ts';
import { cacheFolders, fixedEnvironment, type Environment } from './environment.ts';
import { readControls } from './controls.ts';
import { withLock } from './lock.ts';
import { ensureFetched, lockOptions, type PackageOptions } from './packages.ts';
import { makeRepository } from './pool.ts';
import { treePrograms, WORKPLACE, type Programs } from './programs.ts';
import type { Resolution } from './resolve.ts';
import { CACHE_REMEDY, explainFullDisk, installedRoom } from './room.ts';
import { ProcessFailure, runProcess } from './run.ts';
import { sandboxArgv } from './sandbox.ts';
import { timed } from './timed.ts';

/**
 * Host path of the tree that a resolved manifest describes, made when the cache has none. The host's own mmdebstrap
 * makes it; maintainer scripts run, so nothing about the tree is special to Caisson.
 */
export async function ensureTree(
  manifest: Manifest,
  resolution: Resolution,
  programs: Programs,
  options: PackageOptions,
): Promise<string> {
  const folders = cacheFolders(options.environment.cache);
  const key = createHash('sha256')
    .update(JSON.stringify({ resolution: resolution.digest, manifest: { ...manifest, file: '' } }))
    .digest('hex');
  const tree = path.join(folders.trees, `${manifest.name}-${key.slice(0, 16)}`);
  if (await touched(tree)) return tree;
  await ensureFetched(resolution, programs, options);
  const task = { id: `tree ${manifest.name}`, summary: `programs of rootfs-manifests/${manifest.name}.yaml` };
  return timed(task, options, async () => {
    const lock = path.join(folders.trees, `.${path.basename(tree)}.lock`);
    await withLock(lock, lockOptions(task.id, options), async () => {
      if (await touched(tree)) return;
      await makeTree(tree, manifest, { resolution, task, options }).catch(async error => {
        throw await explainFullDisk(error, {
          what: task.id,
          needed: installedRoom(resolution.packages),
          unpacks: true,
          places: [{ folder: options.environment.cache, remedy: CACHE_REMEDY }],
        });
      });
    });
    return { value: tree, detail: `${resolution.packages.length} packages` };
  });
}

/**
 * Programs and libraries of a tree that are not as their packages brought them, by dpkg's own digests (dpkg(1),
 * --verify). What the manifest excludes on purpose (documentation) is not looked at.
 */
export async function damagedFiles(
  tree: string,
  { environment, signal }: Pick<PackageOptions, 'environment' | 'signal'>,
): Promise<string[]> {
  const sandbox = {
    tree,
    binds: [],
    env: fixedEnvironment(0),
    cwd: '/',
    network: false,
    identities: 'one',
    devices: [],
  } as const;
  // Its exit code tells of the missing documentation too, so a verdict comes from the lines.
  const argv = ['sh', '-c', 'dpkg --verify || true'];
  const lines = await runProcess(sandboxArgv(sandbox, argv, environment), {
    env: { PATH: environment.path },
    signal,
    title: ['dpkg', '--verify'],
  }).catch(error => {
    // A tree without a working dpkg is a damaged one.
    if (error instanceof ProcessFailure && !isRefusal(error)) return 'missing /usr/bin/dpkg';
    throw error;
  });
  return lines
    .split('\n')
    .flatMap(line => /^(?:..5\S*|missing)\s+(?:c )?(\/usr\/(?:s?bin|lib\w*)\/.*)/.exec(line)?.[1] ?? []);
}

/** True when this machine did not let the sandbox begin: that says nothing of what would have run in it. */
function isRefusal({ exitCode, output }: ProcessFailure): boolean {
  return exitCode === null || output.some(line => /^bwrap: .*(namespace|[ug]id map)/.test(line));
}

/** Its age counts from its last use, not from the epoch that its files carry. False when there is no such tree. */
async function touched(tree: string): Promise<boolean> {
  const now = new Date();
  return utimes(tree, now, now).then(
    () => true,
    () => false,
  );
}

async function makeTree(
  tree: string,
  manifest: Manifest,
  { resolution, task, options }: { resolution: Resolution; task: Task; options: PackageOptions },
): Promise<void> {
  const { environment, signal, emit } = options;
  const folders = cacheFolders(environment.cache);
  const scratch = await makeScratch(environment, 'tree');
  for (const folder of [folders.logs, folders.trees]) await mkdir(folder, { recursive: true });
  const log = path.join(folders.logs, `tree-${manifest.name}.log`);
  await rm(log, { force: true });
  try {
    await makeRepository(path.join(scratch, 'repository'), {
      pool: folders.pool,
      manifest,
      packages: resolution.packages,
      readControls: async (each, folder) => readControls(each, folder, { environment, signal, tree: '/' }),
    });
    const packages = resolution.packages.length;
    await bootstrap(manifest, scratch, { environment, signal, log, emit, id: task.id, packages });
    await rename(path.join(scratch, 'tree'), tree);
    await touched(tree);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
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
  const sandbox = {
    tree: '/',
    binds: [{ host: scratch, inside: WORKPLACE, writable: true }],
    env: fixedEnvironment(0),
    cwd: WORKPLACE,
    network: false,
    identities: 'many',
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
  // Nothing looks at these files again until a program runs them, so they must survive a power cut as they are.
  await runProcess(['sync', '--file-system', tree], settings);
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
