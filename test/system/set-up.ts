/**
 * Builds pipeline/eflow.yaml twice, once as root and once as an ordinary user in another folder, time zone, umask and
 * locale, and on another day; every system test shares these two. Packages and their resolution are shared; stores are not.
 */
import { cp, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { asRoot, CLI, PROJECT } from '../support/caisson.ts';
import { copyProject } from '../support/project.ts';
import { runAsOtherUser } from '../support/other-user.ts';
import { buildTools, vmTools } from '../support/vm-tools.ts';

export interface BuildRecord {
  image: string;
  version: string;
  epoch: number;
  rootHash: string;
  hashOffset: number;
  fecOffset: number;
  fecRoots: number;
  size: number;
  partitions: {
    number: number;
    name: string;
    content: string;
    start: number;
    size: number;
    type: string;
    uuid: string;
    used: number;
    free: number;
  }[];
  bundle: { images: { content: string; bytes: number }[] } | null;
  artifacts: { name: string; path: string; bytes: number; sha256: string }[];
  stages: { id: string; stage: string; key: string; sha256: string; bytes: number; cached: boolean; seconds: number }[];
  packages: Record<string, { name: string; version: string }[]>;
  packageCount: number;
  tools: Record<string, string>;
  uid: number;
  root: boolean;
}

export interface SharedBuild {
  /** Folder with eflow.vhdx and build.json; with eflow.raw, which takes long to digest, in `own` alone. */
  out: string;
  cache: string;
  project: string;
  record: BuildRecord;
}

export interface SharedBuilds {
  root: SharedBuild;
  user: SharedBuild;
  /** The one of the two that belongs to who runs the tests. */
  own: SharedBuild;
  /** Its tools tree. */
  tools: string;
  scratch: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    builds: SharedBuilds;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'caisson-system-'));
  await execa('chmod', ['755', scratch]);
  const home = path.join(
    process.env.CAISSON_CACHE ??
      path.join(process.env.XDG_CACHE_HOME ?? path.join(process.env.HOME ?? '/root', '.cache'), 'caisson'),
  );
  const rootCache = path.join(scratch, 'root-cache');
  // What was fetched and the trees of programs are taken over; no step is.
  for (const name of ['pool', 'resolutions', 'trees'])
    await addMissing(path.join(home, name), path.join(rootCache, name));
  const rootProject = await rootProjectWithKeys(scratch, rootCache);
  const root = await buildAsRoot({ project: rootProject, scratch, cache: rootCache });
  if (process.geteuid?.() === 0) await vmTools(rootCache);
  // Given back for the next run; root's trees only to root, who alone can read all of them.
  const kept = process.geteuid?.() === 0 ? ['pool', 'resolutions', 'trees'] : ['pool', 'resolutions'];
  for (const name of kept) await addMissing(path.join(rootCache, name), path.join(home, name));
  const user = await buildAsUser({ project: rootProject, scratch, cache: rootCache });
  const own = process.geteuid?.() === 0 ? root : user;
  project.provide('builds', { root, user, own, tools: await buildTools(own.cache), scratch });
  return async () => {
    // With what the definitions of single tests needed on top.
    for (const name of ['pool', 'resolutions']) await addMissing(path.join(own.cache, name), path.join(home, name));
    await execa(asRoot()[0] ?? 'rm', [...asRoot().slice(1), ...(asRoot().length > 0 ? ['rm'] : []), '-rf', scratch]);
  };
}

/** Of its own, with keys of its own: those of the project, if any, are nobody's business. */
async function rootProjectWithKeys(scratch: string, cache: string): Promise<string> {
  const project = path.join(scratch, 'root-project');
  await copyProject(PROJECT, project);
  const make = [process.execPath, CLI, '--plain', 'keys', 'new', path.join(project, 'keys')];
  const [program = '', ...args] = [...asRoot(), 'env', `CAISSON_CACHE=${cache}`, ...make];
  await execa(program, args, { cwd: PROJECT, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  return project;
}

interface Place {
  project: string;
  scratch: string;
  cache: string;
}

async function buildAsRoot({ project, scratch, cache }: Place): Promise<SharedBuild> {
  const out = path.join(scratch, 'root-out');
  const [program, ...args] = [
    ...asRoot(),
    'env',
    `CAISSON_CACHE=${cache}`,
    'TZ=UTC',
    process.execPath,
    CLI,
    'build',
    'eflow',
    '--bundle',
    '--format',
    process.geteuid?.() === 0 ? 'vhdx,raw' : 'vhdx',
    '--out',
    out,
    '--plain',
  ];
  await execa(program, args, { cwd: project, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  return sharedBuild(path.join(out, 'eflow'), cache, project);
}

/** In another folder too. */
async function buildAsUser({ project: rootProject, scratch, cache: rootCache }: Place): Promise<SharedBuild> {
  const folder = path.join(scratch, 'user', 'other place');
  const clone = path.join(folder, 'project');
  await mkdir(clone, { recursive: true });
  for (const name of ['package.json', 'dist', 'node_modules', 'pipeline', 'layouts', 'overlays', 'rootfs-manifests'])
    await cp(path.join(PROJECT, name), path.join(clone, name), { recursive: true, verbatimSymlinks: true });
  await giveKeys(path.join(rootProject, 'keys'), path.join(clone, 'keys'));
  const cache = path.join(folder, 'cache');
  for (const name of ['pool', 'resolutions'])
    await cp(path.join(rootCache, name), path.join(cache, name), { recursive: true });
  const out = path.join(folder, 'out');
  const formats = process.geteuid?.() === 0 ? 'vhdx' : 'vhdx,raw';
  const args = ['build', 'eflow', '--bundle', '--format', formats, '--out', out, '--plain'];
  await runAsOtherUser({ home: path.join(scratch, 'user'), project: clone, cache }, args);
  return sharedBuild(path.join(out, 'eflow'), cache, clone);
}

/** The same keys, for who runs the tests; root made them, and they are readable by their owner alone. */
async function giveKeys(from: string, to: string): Promise<void> {
  const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  for (const argv of [
    ['cp', '--recursive', from, to],
    ['chown', '--recursive', owner, to],
  ]) {
    const [program = '', ...args] = [...asRoot(), ...argv];
    await execa(program, args);
  }
}

async function sharedBuild(out: string, cache: string, folder: string): Promise<SharedBuild> {
  const record = JSON.parse(await readFile(path.join(out, 'build.json'), 'utf8')) as BuildRecord;
  return { out, cache, project: folder, record };
}

/** Adds what `to` does not have yet; nothing that is there is touched. */
async function addMissing(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await execa('cp', ['--archive', '--no-clobber', '--reflink=auto', '--no-target-directory', from, to], {
    reject: false,
  });
}
