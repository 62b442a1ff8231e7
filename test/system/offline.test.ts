/** Without a network: what was fetched once builds again, what is missing is named. */
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { asRoot, caisson, CLI, type CliResult } from '../support/caisson.ts';
import { digests, skiff, type Skiff } from '../support/skiff.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'offline');

let boat: Skiff;

beforeAll(async () => {
  boat = await skiff(folder, own.cache);
  await boat.run('build', 'skiff');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('in a network namespace without routes', () => {
  it('the pool is enough for everything, the tools tree too', async () => {
    const cache = path.join(folder, 'no-trees');
    await mkdir(cache);
    for (const name of ['pool', 'resolutions']) await symlink(path.join(own.cache, name), path.join(cache, name));
    const result = await cutOff(cache, '--offline', '--out', 'offline-out');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toMatch(/tree tools +done/);
    expect(digests(await boat.record('offline-out'))).toEqual(digests(await boat.record()));
  });

  it('--update is told that the mirror cannot be reached, and how to go on', async () => {
    const { exitCode, stderr } = await cutOff(boat.cache, '--update');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error: rootfs-manifests\/tools\.yaml: the index of its mirror could not be fetched: http\S+ .*\n {4}hint: .*leave out --update$/,
    );
  });
});

describe('--offline', () => {
  it('names the packages that are not in the pool', async () => {
    const cache = path.join(folder, 'poor');
    await mkdir(cache);
    for (const name of ['trees', 'resolutions']) await symlink(path.join(own.cache, name), path.join(cache, name));
    await mkdir(path.join(cache, 'pool'));
    const missing = (await boat.record()).packages.rigging?.find(each => each.name === 'busybox');
    const kept = (await recordedPackages()).filter(each => each.name !== 'busybox').map(each => each.sha256);
    for (const sha256 of new Set(kept))
      await symlink(path.join(own.cache, 'pool', `${sha256}.deb`), path.join(cache, 'pool', `${sha256}.deb`));
    const { exitCode, stderr } = await run(cache, '--offline');
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `error: packages of rootfs-manifests/rigging.yaml are not in the pool: busybox ${missing?.version}\n    hint: build once without --offline, or bring the pool of another machine`,
    );
  });

  it('names a manifest whose packages were never asked for', async () => {
    const project = path.join(folder, 'changed');
    await cp(boat.project, project, { recursive: true });
    const manifest = path.join(project, 'rootfs-manifests/rigging.yaml');
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('[busybox,', '[busybox, zstd,'));
    const { exitCode, stderr } = await caisson(['build', 'skiff', '--plain', '--offline'], {
      cwd: project,
      cache: boat.cache,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^error: which packages rootfs-manifests\/rigging\.yaml means was never asked.*\n.*without --offline$/,
    );
  });

  it('and --update exclude each other', async () => {
    expect(await run(boat.cache, '--offline', '--update')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/--offline.*cannot be used with.*--update/) as string,
    });
  });
});

/** Of every answer that was recorded for the manifest: a cache may hold some of its earlier wordings. */
async function recordedPackages(): Promise<{ name: string; sha256: string }[]> {
  const records = path.join(own.cache, 'resolutions');
  const names = (await readdir(records)).filter(name => name.startsWith('rigging-'));
  const texts = await Promise.all(names.map(async name => readFile(path.join(records, name), 'utf8')));
  return texts.flatMap(text => (JSON.parse(text) as { packages: { name: string; sha256: string }[] }).packages);
}

const run = async (cache: string, ...args: string[]): Promise<CliResult> => start(cache, [], args);

/** The same, in a network namespace that has nothing but a loopback device that is down; by the same user. */
const cutOff = async (cache: string, ...args: string[]): Promise<CliResult> => {
  const back = asRoot().length === 0 ? [] : ['setpriv', `--reuid=${process.getuid?.()}`, '--clear-groups'];
  return start(cache, [...asRoot(), 'unshare', '--net', ...back], args);
};

async function start(cache: string, prefix: readonly string[], args: readonly string[]): Promise<CliResult> {
  const [program = '', ...rest] = [
    ...prefix,
    'env',
    `CAISSON_CACHE=${cache}`,
    process.execPath,
    CLI,
    'build',
    'skiff',
    '--plain',
    ...args,
  ];
  const { exitCode, stdout, stderr } = await execa(program, rest, {
    cwd: boat.project,
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode, stdout, stderr };
}
