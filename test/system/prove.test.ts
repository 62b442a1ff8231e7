/** `caisson prove` of the real image: everything it promises holds, by the machines that it boots. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { SCENARIOS } from '../../pipeline/claims/claim.ts';
import { digestFile } from '../../pipeline/engine/digest.ts';
import type { Proof } from '../../pipeline/formats/proof.ts';
import { caisson, CLI, type CliResult } from '../support/caisson.ts';
import { copyWithKeys } from '../support/project.ts';
import { vmTools } from '../support/vm-tools.ts';

const { own, scratch } = inject('builds');
const image = path.join(own.out, 'eflow.vhdx');
const report = path.join(scratch, 'proof');
const run = (...args: string[]): Promise<CliResult> =>
  caisson(['prove', image, ...args], { cwd: own.project, cache: own.cache });

beforeAll(async () => {
  await vmTools(own.cache);
  await mkdir(report, { recursive: true });
});
afterAll(async () => rm(report, { recursive: true, force: true }));

describe('the list', () => {
  it('names every promise without a boot', async () => {
    const { exitCode, stdout } = await run('--list', '--json');
    expect(exitCode).toBe(0);
    const { claims } = JSON.parse(stdout) as { claims: { name: string; promise: string }[] };
    const names = claims.map(each => each.name);
    expect(names).toEqual(
      expect.arrayContaining(['root-verity', 'open-ports', 'ssh-rate-limit', 'data-grows', 'tpm-off']),
    );
    expect(names).not.toContain('tpm-on');
  });
});

describe('bad usage', () => {
  it.each([
    [['--only', 'root-verty'], 'error: no claim "root-verty"\n    hint: did you mean "root-verity"?'],
    [['--only', 'tpm-on'], 'error: eflow does not promise "tpm-on"'],
    [['--report', '/nonexistent'], 'error: /nonexistent is no folder\n    hint: make it first'],
    [['--only', 'a,,b'], 'Name at least one claim'],
  ])('%s is one sentence, exit 2', async (args, text) => {
    const { exitCode, stderr, stdout } = await run(...args);
    expect(stderr).toContain(text);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
  });
});

describe('eflow', () => {
  let result: CliResult;
  let proof: Proof;
  let before: { sha256: string };
  beforeAll(async () => {
    before = await digestFile(image, new AbortController().signal);
    result = await run('--report', report, '--plain');
    proof = JSON.parse(await readFile(path.join(report, 'eflow.prove.json'), 'utf8')) as Proof;
  }, 1_500_000);

  it('keeps every promise', () => {
    const others = proof.claims.filter(each => each.verdict !== 'passed');
    expect(
      others.map(({ name, verdict, reason, facts }) => ({
        name,
        verdict,
        reason,
        facts: facts.filter(each => !each.fits),
      })),
    ).toEqual([]);
    expect(proof.claims.length).toBeGreaterThan(45);
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/\d+ of \d+ claims proven, in /);
  });

  it('with one boot for each state', () => {
    // Those of enforced verification are another test's.
    const scenarios = SCENARIOS.filter(each => each !== 'attacked' && each !== 'damaged');
    expect(proof.boots.map(each => each.scenario)).toEqual(scenarios);
    for (const boot of proof.boots) expect(boot.readySeconds).toBeGreaterThan(0);
  });

  it('is not written, and neither is anything else left', async () => {
    expect(await digestFile(image, new AbortController().signal)).toMatchObject({ sha256: before.sha256 });
    expect(proof.file).toMatchObject({ sha256: before.sha256, sha256After: before.sha256 });
    expect((await readdir(path.join(own.cache, 'scratch'))).filter(name => name.startsWith('prove-'))).toEqual([]);
    expect((await readdir(report)).sort()).toEqual(['eflow.prove.html', 'eflow.prove.json']);
  });
});

describe('an image that breaks its word', () => {
  const project = path.join(scratch, 'trap');
  const trapped = path.join(project, 'out/eflow/eflow.vhdx');
  beforeAll(async () => {
    await copyWithKeys(own.project, project);
    await mkdir(path.join(project, 'overlays/trap/usr/bin'), { recursive: true });
    await writeFile(path.join(project, 'overlays/trap/usr/bin/gcc'), '#!/bin/sh\n', { mode: 0o755 });
    const { overlays } = (
      parse(await readFile(path.join(project, 'pipeline/eflow.yaml'), 'utf8')) as {
        stages: { id: string; options: { overlays: string[] } }[];
      }
    ).stages.find(each => each.id === 'tree')?.options ?? { overlays: [] };
    const built = await caisson(
      [
        'build',
        'eflow',
        '--set',
        `stages.tree.options.overlays=[${[...overlays, 'trap'].join(', ')}]`,
        // And two promises that the project's own image does not make.
        '--set',
        'features.tpm=on',
        '--set',
        'ssh.transport=both',
        '--plain',
      ],
      { cwd: project, cache: own.cache },
    );
    if (built.exitCode !== 0) throw new Error(built.stderr);
  });
  afterAll(async () => rm(project, { recursive: true, force: true }));

  it('fails by the name of the claim, with what was seen, and exit code 1', async () => {
    const only = 'no-compiler,usr-immutable,tpm-on,vsock';
    const { exitCode, stdout } = await caisson(['prove', trapped, '--only', only, '--json'], {
      cwd: project,
      cache: own.cache,
    });
    const { claims, passed } = JSON.parse(stdout) as Proof;
    expect(exitCode).toBe(1);
    expect(passed).toBe(false);
    expect(Object.fromEntries(claims.map(each => [each.name, each.verdict]))).toEqual({
      'usr-immutable': 'passed',
      'no-compiler': 'failed',
      'tpm-on': 'passed',
      vsock: 'passed',
    });
    expect(claims.find(each => each.name === 'no-compiler')?.facts.filter(each => !each.fits)).toEqual([
      { fits: false, text: 'FOUND /usr/bin/gcc' },
    ]);
  });

  it('interrupted, leaves no process and no file', async () => {
    const folder = path.join(project, 'reports');
    await mkdir(folder);
    const argv = [CLI, 'prove', trapped, '--only', 'no-compiler', '--report', folder, '--plain'];
    const child = execa(process.execPath, argv, { cwd: project, env: { CAISSON_CACHE: own.cache }, reject: false });
    await new Promise<void>(resolve => {
      let told = '';
      child.stderr.on('data', (chunk: Buffer) => {
        told += chunk.toString();
        if (told.includes('first boot of a provisioned copy')) resolve();
      });
    });
    const machines = async (): Promise<string[]> =>
      (await execa('pgrep', ['-f', `qemu-system.*${own.cache}|bwrap.*${own.cache}`], { reject: false })).stdout
        .split('\n')
        .filter(Boolean);
    await expect.poll(machines, { timeout: 60_000 }).not.toEqual([]);
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect(stderr).toContain('interrupted; nothing half done was left behind.');
    expect(exitCode).toBe(130);
    await expect.poll(machines, { timeout: 20_000 }).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
    expect((await readdir(path.join(own.cache, 'scratch'))).filter(name => name.startsWith('prove-'))).toEqual([]);
  });
});
