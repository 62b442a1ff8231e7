// Trees of programs for the benchmarks, and programs in them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadManifest } from '../../dist/config/project.js';
import { fixedEnvironment } from '../../dist/engine/environment.js';
import { ensureResolution } from '../../dist/engine/packages.js';
import { sandboxArgv } from '../../dist/engine/sandbox.js';
import { ensureTree, firstPrograms } from '../../dist/engine/trees.js';

export const project = fileURLToPath(new URL('../..', import.meta.url));
export const cacheHome =
  process.env.CAISSON_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'caisson');

const environment = {
  cache: cacheHome,
  root: process.geteuid() === 0,
  uid: process.geteuid(),
  user: userInfo().username,
  path: process.env.PATH ?? '/usr/sbin:/usr/bin',
  proxies: {},
  inherited: {},
};

/** A manifest of this project, by its path in it. */
export async function manifestAt(file) {
  return loadManifest(path.join(project, file), { project, home: project });
}

/** Host path of the tree of a manifest, made when the cache has none. */
export async function treeOf(file) {
  const manifest = await manifestAt(file);
  const host = firstPrograms(environment);
  const options = {
    environment,
    signal: new AbortController().signal,
    emit: () => {},
    update: false,
    offline: false,
    lock: null,
    mirrors: [],
  };
  return ensureTree(manifest, await ensureResolution(manifest, host, options), host, options);
}

/** argv of a program of a tree that sees `folder` as /mnt/work; with the host's network for a machine's forwarded port. */
export function programIn(tree, folder, { program, network = false }) {
  const sandbox = {
    tree,
    binds: [{ host: folder, inside: '/mnt/work', writable: true }],
    env: fixedEnvironment(0),
    cwd: '/mnt/work',
    network,
    identities: 'one',
    devices: ['/dev/kvm'],
  };
  return sandboxArgv(sandbox, program, environment);
}

/** Output of a program. */
export function run([file, ...args]) {
  return execFileSync(file, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
}

/** A cache in `folder`, made anew, with what a release engineer has after the first build, but nothing that was built. */
export function emptyStore(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const each of ['pool', 'resolutions', 'apt', 'trees', 'controls', 'contents'])
    symlinkSync(path.join(cacheHome, each), path.join(folder, each));
  return folder;
}
