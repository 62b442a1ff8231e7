/** Lock files: a build installs exactly what one says, from wherever that is, or fails naming what is missing. */
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { asRoot, caisson, CLI, type CliResult } from '../support/caisson.ts';
import { digests, skiff, type Skiff } from '../support/skiff.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'lock');
const mirror = path.join(folder, 'mirror');
const LOCK = 'rootfs-manifests/skiff.lock.yaml';

let boat: Skiff;
let unlocked: unknown;
let made: CliResult;
let mirrored: CliResult;

beforeAll(async () => {
  boat = await skiff(folder, own.cache);
  await boat.run('build', 'skiff');
  unlocked = digests(await boat.record());
  made = await boat.run('lock', 'skiff', '--offline');
  mirrored = await boat.run('mirror', 'skiff', mirror, '--offline');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('caisson lock', () => {
  it('--offline writes down what was just built, and a second time nothing', async () => {
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.stdout).toMatch(
      /^rootfs-manifests\/skiff\.lock\.yaml was written\. Packages: tools \d+, rigging 6\.$/m,
    );
    const { mtimeMs } = await stat(path.join(boat.project, LOCK));
    const again = await boat.run('lock', 'skiff');
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/is current/) as string });
    expect((await stat(path.join(boat.project, LOCK))).mtimeMs).toBe(mtimeMs);
  });

  it('a locked build is the same to the byte, though it is made anew', async () => {
    await rm(path.join(boat.cache, 'store'), { recursive: true });
    expect(await boat.run('build', 'skiff', '--out', 'locked')).toMatchObject({ exitCode: 0 });
    expect(digests(await boat.record('locked'))).toEqual(unlocked);
  });

  it('build --update is told which command that is now', async () => {
    const { exitCode, stderr } = await boat.run('build', 'skiff', '--update');
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      `error: skiff has a lock file (${LOCK}), so a build takes no newer packages\n    hint: caisson lock skiff --update`,
    );
  });

  it('a package to update that is not there is told of, with the nearest', async () => {
    const { exitCode, stderr } = await boat.run('lock', 'skiff', '--update', 'bsuybox');
    expect(exitCode).toBe(2);
    expect(stderr).toBe('error: the lock file has no package "bsuybox"\n    hint: did you mean "busybox"?');
  });
});

describe('a lock file that does not fit', () => {
  it('is a fault of check and of build, and leaves nothing in the output folder', async () => {
    const project = await copyOf('changed');
    const file = path.join(project, 'rootfs-manifests/rigging.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('[busybox,', '[busybox, zstd,'));
    for (const args of [
      ['check', LOCK],
      ['check', 'skiff'],
      ['build', 'skiff', '--out', 'new'],
    ]) {
      const { exitCode, stderr } = await caisson(args, { cwd: project, cache: boat.cache });
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(
        /^rootfs-manifests\/skiff\.lock\.yaml:\d+:\d+: manifests\.rigging\.asks: .*asks for zstd too\n {4}hint: .*caisson lock skiff\n/,
      );
    }
    expect(await readdir(project)).not.toContain('new');
  });

  it('half written: exit 2, and lock makes it anew', async () => {
    const project = await copyOf('half');
    const text = await readFile(path.join(project, LOCK), 'utf8');
    await writeFile(path.join(project, LOCK), text.slice(0, text.length / 2));
    const run = async (...args: string[]): Promise<CliResult> => caisson(args, { cwd: project, cache: boat.cache });
    const built = await run('build', 'skiff');
    expect(built.exitCode).toBe(2);
    expect(built.stderr).toContain('is no complete lock file');
    expect(await run('lock', 'skiff', '--offline')).toMatchObject({ exitCode: 0 });
    expect(await readFile(path.join(project, LOCK), 'utf8')).toBe(text);
  });
});

describe('caisson mirror', () => {
  it('has every package under its path, with sums that sha256sum checks', async () => {
    expect(mirrored).toMatchObject({ exitCode: 0, stderr: '' });
    const { stdout } = await execa('sha256sum', ['--check', 'SHA256SUMS'], { cwd: mirror });
    expect(stdout).toMatch(/^pool\/main\/b\/busybox\/busybox_\S+_amd64\.deb: OK$/m);
    expect(stdout).toMatch(/^skiff\.lock\.yaml: OK$/m);
  });

  it('copies a second time only what is not right', async () => {
    const damaged = await busyboxIn(mirror);
    await writeFile(damaged, 'worm-eaten');
    const { stdout } = await boat.run('mirror', 'skiff', mirror, '--offline');
    expect(stdout).toMatch(/, 1 of them new$/m);
    expect((await stat(damaged)).size).toBeGreaterThan(100_000);
  });

  it('is enough for a build with an empty cache and no network, the tools too', async () => {
    const cache = path.join(folder, 'empty');
    await mkdir(cache);
    const back = asRoot().length === 0 ? [] : ['setpriv', `--reuid=${process.getuid?.()}`, '--clear-groups'];
    const [program, ...rest] = ['unshare', '--net', ...back, 'env', `CAISSON_CACHE=${cache}`, process.execPath, CLI];
    const args = [...rest, 'build', 'skiff', '--offline', '--mirror', mirror, '--out', 'mirrored'];
    const [first, ...others] = [...asRoot(), program, ...args];
    const result = await execa(first ?? '', others, { cwd: boat.project, reject: false, stdin: 'ignore' });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(digests(await boat.record('mirrored'))).toEqual(unlocked);
  });

  it('a package that was altered fails the build, which names it; missing ones are all named', async () => {
    const bad = path.join(folder, 'bad');
    await cp(mirror, bad, { recursive: true });
    const busybox = await busyboxIn(bad);
    await writeFile(busybox, 'worm-eaten');
    const cache = path.join(folder, 'poor');
    await mkdir(cache);
    for (const name of ['trees', 'resolutions']) await symlink(path.join(own.cache, name), path.join(cache, name));
    const build = async (): Promise<CliResult> =>
      caisson(['build', 'skiff', '--offline', '--mirror', bad, '--out', 'bad'], { cwd: boat.project, cache });
    const altered = await build();
    expect(altered.exitCode).toBe(1);
    expect(altered.stderr).toMatch(
      /^error: busybox \S+: .*\.deb has SHA-256 [0-9a-f]{64}, the lock file says [0-9a-f]{64}\n/,
    );
    // Of the failed build what was right is in the pool.
    for (const each of [bad, cache]) await rm(path.join(each, 'pool'), { recursive: true });
    const missing = await build();
    expect(missing.exitCode).toBe(1);
    const missed = missing.stderr.match(/^ {2}\S+ \S+ \(SHA-256 [0-9a-f]{64}\)$/gm) ?? [];
    expect(missed).toHaveLength(6);
    expect(missing.stderr).toMatch(/^ {2}busybox /m);
  });
});

async function copyOf(name: string): Promise<string> {
  const project = path.join(folder, name);
  await cp(boat.project, project, { recursive: true });
  return project;
}

async function busyboxIn(root: string): Promise<string> {
  const place = path.join(root, 'pool/main/b/busybox');
  const [name = ''] = await readdir(place);
  return path.join(place, name);
}
