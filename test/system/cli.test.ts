/** The command line as its users meet it: bad input, interruption, output for programs and for logs. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { caisson, CLI, type CliResult } from '../support/caisson.ts';
import { copyWithKeys } from '../support/project.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'cli');
const project = path.join(folder, 'project');
const cache = path.join(folder, 'cache');

beforeAll(async () => {
  await mkdir(cache, { recursive: true });
  await copyWithKeys(own.project, project);
  for (const name of ['pool', 'resolutions', 'trees'])
    await symlink(path.join(own.cache, name), path.join(cache, name));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<CliResult> => caisson(args, { cwd: project, cache });

describe('bad input', () => {
  it('every fault of every file at once, exit 2, nothing built', async () => {
    await writeFile(
      path.join(project, 'layouts/bad.yaml'),
      'partitions:\n  - { name: RootFSA, sise: "4 GiB", type: root-x86-64 }\n  - { name: Log, size: 4, type: linux }\n',
    );
    await writeFile(
      path.join(project, 'pipeline/bad.yaml'),
      'name: bad\nversion: "1"\nlayout: bad\nepoch: "2030-01-01T00:00:00Z"\nstages:\n  - { id: a, stage: pakages, options: { manifest: base } }\n',
    );
    const { exitCode, stderr, stdout } = await run('build', 'bad');
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toEqual([
      'layouts/bad.yaml:2:22: partitions[0]: unknown key "sise"',
      '    hint: did you mean "size"?',
      'layouts/bad.yaml:3:24: partitions[1].size: must be a size, found the number 4',
      '    hint: write a size with unit, e.g. "8 MiB"',
      expect.stringMatching(
        /^pipeline\/bad\.yaml:6:21: stages\[0\]\.stage: unknown stage "pakages", allowed: packages, tarball, tree, /,
      ),
      '    hint: did you mean "packages"?',
      '3 faults in 2 files; nothing was built.',
    ]);
    expect(await readdir(path.join(project, 'out')).catch(() => [])).toEqual([]);
  });

  it('a package that the mirrors do not have, at its place in the manifest', async () => {
    const file = path.join(project, 'rootfs-manifests/base.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('  - openssh-server\n', '  - opnssh-server\n'));
    const { exitCode, stderr } = await run('build', 'eflow', '--plain');
    await writeFile(file, text);
    const line = text.split('\n').indexOf('  - openssh-server') + 1;
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`rootfs-manifests/base.yaml:${line}:5: packages[`);
    expect(stderr).toContain('no package "opnssh-server"');
    expect(stderr).toContain('did you mean "openssh-server"?');
  });

  const calls: [string[], number, RegExp][] = [
    [['biuld', 'eflow'], 2, /unknown command 'biuld'[\s\S]*Did you mean build\?/],
    [['build', 'eflow', '--job', '2'], 2, /unknown option '--job'[\s\S]*Did you mean --jobs\?/],
    [['build', 'eflow', '--format', 'vdhx'], 2, /"vdhx" is no format; there are vhdx, raw, vhd, qcow2, vmdk/],
    [['build', 'elfow'], 2, /no image "elfow"[\s\S]*did you mean "eflow"\?/],
    [['build', 'eflow', '--set', 'verzion=2'], 2, /unknown key "verzion"[\s\S]*did you mean "version"\?/],
    [['boot', 'nothing.vhdx'], 2, /no image nothing\.vhdx/],
    [['show', 'elfow'], 2, /"elfow" is neither a layout/],
    [['show', 'package.txt'], 2, /neither a layout/],
  ];
  it.each(calls)('caisson %j -> exit %i', async (args, code, message) => {
    const { exitCode, stderr } = await run(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
    expect(exitCode).toBe(code);
  });
});

describe('interruption', () => {
  it('SIGINT stops every child, leaves no half artifact, exits 130', async () => {
    const out = path.join(folder, 'interrupted');
    const child = execa(process.execPath, [CLI, 'build', 'eflow', '--json', '--out', out], {
      cwd: project,
      env: { CAISSON_CACHE: cache },
      reject: false,
      stdin: 'ignore',
    });
    // In the middle of dpkg's work.
    await seen(child.stdout, /"type":"progress","id":"base"/);
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('interrupted');
    expect(await processesOf(cache)).toEqual([]);
    expect(await readdir(path.join(cache, 'scratch'))).toEqual([]);
    expect(await readdir(path.join(out, 'eflow')).catch(() => [])).toEqual([]);
  });
});

describe('output', () => {
  it('without a terminal is plain lines without control codes', async () => {
    const { stdout, exitCode } = await run('plan', 'eflow');
    expect(exitCode).toBe(0);
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    expect(stdout).toMatch(/^eflow 2026\.11\.0, layout eflow$/m);
  });

  it('check names what it read', async () => {
    await rm(path.join(project, 'pipeline/bad.yaml'), { force: true });
    await rm(path.join(project, 'layouts/bad.yaml'), { force: true });
    const { stdout, exitCode } = await run('check');
    expect(exitCode).toBe(0);
    for (const name of ['pipeline/eflow.yaml', 'layouts/minimal.yaml', 'rootfs-manifests/initrd.yaml'])
      expect(stdout).toContain(name);
  });

  it('check --host finds this machine fit', async () => {
    const { stdout, exitCode } = await run('check', '--host', '--json');
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; ok: boolean }[] };
    expect(checks.filter(each => !each.ok)).toEqual([]);
    expect({ ok, exitCode }).toEqual({ ok: true, exitCode: 0 });
  });

  it('show draws the partitions of a built image', async () => {
    const { stdout } = await run('show', path.join(own.out, 'eflow.vhdx'));
    for (const { name } of own.record.partitions) expect(stdout).toContain(name);
  });
});

/** Resolves when the stream has said it, or has ended. */
async function seen(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>(resolve => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    });
    stream.on('end', resolve);
  });
}

/** Command lines of running processes that name the folder. */
async function processesOf(name: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(each => /^\d+$/.test(each));
  const lines = await Promise.all(
    pids.map(async pid => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')),
  );
  return lines.filter(line => line.includes(name));
}
