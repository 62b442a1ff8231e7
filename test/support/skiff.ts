/** The project test/fixtures/skiff, in folders of its own: every stage, in five seconds. */
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { caisson, CLI, PROJECT, type CliResult } from './caisson.ts';
import type { BuildRecord } from '../system/set-up.ts';

export interface Skiff {
  /** Folder of the project. */
  project: string;
  cache: string;
  /** `caisson ARGS` in the project, to its end. */
  run: (...args: string[]) => Promise<CliResult>;
  /** The same, left running; events as JSON lines. */
  start: (...args: string[]) => Running;
  record: (out?: string) => Promise<BuildRecord>;
}

export type Running = ReturnType<typeof start>;

/** A project below `folder` with a cache of its own; packages, their resolution and the tools are those of `shared`. */
export async function skiff(folder: string, shared: string): Promise<Skiff> {
  const project = path.join(folder, 'skiff');
  await cp(path.join(PROJECT, 'test/fixtures/skiff'), project, { recursive: true });
  await cp(path.join(PROJECT, 'rootfs-manifests/tools.yaml'), path.join(project, 'rootfs-manifests/tools.yaml'));
  const cache = path.join(folder, 'cache');
  await shareTools(cache, shared);
  return {
    project,
    cache,
    run: (...args) => caisson(args, { cwd: project, cache }),
    start: (...args) => start(args, { cwd: project, cache }),
    record: async (out = 'out') =>
      JSON.parse(await readFile(path.join(project, out, 'skiff/build.json'), 'utf8')) as BuildRecord,
  };
}

function start(args: readonly string[], { cwd, cache }: { cwd: string; cache: string }) {
  return execa(process.execPath, [CLI, ...args, '--json'], {
    cwd,
    env: { CAISSON_CACHE: cache },
    reject: false,
    stdin: 'ignore',
  });
}

/** A cache that has everything but a store. */
export async function shareTools(cache: string, shared: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  for (const name of ['pool', 'resolutions', 'trees']) await symlink(path.join(shared, name), path.join(cache, name));
}

/** What decides whether two builds are the same. */
export function digests({ stages, artifacts }: BuildRecord): unknown {
  return [stages.map(each => [each.id, each.key, each.sha256]), artifacts.map(each => [each.path, each.sha256])];
}

/** Resolves with the first event of `child` that `wanted` takes, or null at its end. */
export async function event(
  child: Pick<Running, 'stdout'>,
  wanted: (event: { type: string; id?: string; task?: { id: string } }) => boolean,
): Promise<unknown> {
  let rest = '';
  return new Promise(resolve => {
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      const found = lines.map(line => JSON.parse(line) as { type: string }).find(wanted);
      if (found !== undefined) resolve(found);
    });
    child.stdout.on('end', () => resolve(null));
  });
}
