/** `caisson verify`: a release that is sound, one with every kind of damage, and one that is built again. */
import { createHash, sign } from 'node:crypto';
import { cp, mkdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Verification } from '../../pipeline/formats/verification.ts';
import type { CliResult } from '../support/caisson.ts';
import { skiff, type Skiff } from '../support/skiff.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'verify');
const release = path.join(folder, 'skiff/out/skiff/0.7');
const copy = path.join(folder, 'copy');
let boat: Skiff;

beforeAll(async () => {
  boat = await skiff(folder, own.cache);
  const definition = path.join(boat.project, 'pipeline/skiff.yaml');
  // Certificates of `keys new` begin in 2020.
  const text = (await readFile(definition, 'utf8')).replace('2019-02-03', '2022-02-03');
  await writeFile(definition, `${text}release: { key: keys/release.key, certificate: keys/release.crt }\n`);
  for (const args of [
    ['keys', 'new', 'keys'],
    ['build', 'skiff', '--plain'],
    ['lock', 'skiff', '--offline'],
    ['release', 'skiff', '--version', '0.7', '--set', 'summary=a small boat', '--plain'],
  ]) {
    const { exitCode, stderr } = await boat.run(...args);
    if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function verify(...args: string[]): Promise<CliResult & { found: Verification }> {
  const result = await boat.run('verify', ...args, '--json');
  return { ...result, found: JSON.parse(result.stdout) as Verification };
}

/** Names of the checks that failed, and all that they say. */
function faults({ checks }: Verification): [string[], string] {
  const failed = checks.filter(each => each.result === 'fault');
  return [failed.map(each => each.name), failed.flatMap(each => each.faults).join('\n')];
}

/** A copy of the release in which `change` was made. */
async function changed(change: (at: (name: string) => string) => Promise<void>): Promise<[string[], string]> {
  await rm(copy, { recursive: true, force: true });
  await cp(release, copy, { recursive: true });
  await change(name => path.join(copy, name));
  const { exitCode, found } = await verify(copy);
  expect(exitCode).toBe(1);
  return faults(found);
}

async function flip(file: string, place: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(file);
  const at = place(bytes);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

/** As whoever has the key could do it: SHA256SUMS and its signature fit the files again. */
async function signAgain(at: (name: string) => string): Promise<void> {
  const names = (await readFile(at('SHA256SUMS'), 'utf8')).match(/(?<= {2}).+/g) ?? [];
  const lines = await Promise.all(
    names.map(async name => {
      const digest = createHash('sha256').update(await readFile(at(name)));
      return `${digest.digest('hex')}  ${name}\n`;
    }),
  );
  await writeFile(at('SHA256SUMS'), lines.join(''));
  const key = await readFile(path.join(boat.project, 'keys/release.key'), 'utf8');
  await writeFile(at('SHA256SUMS.sig'), sign('sha256', Buffer.from(lines.join('')), key));
}

const superblock = (bytes: Buffer): number => bytes.indexOf('verity\0\0');

describe('a release as it was made', () => {
  it('is sound by the certificate that its definition names', async () => {
    const { exitCode, found } = await verify(release);
    expect(faults(found)).toEqual([[], '']);
    expect(exitCode).toBe(0);
    expect(found.trust).toMatchObject({ file: 'keys/release.crt', from: 'definition' });
    const ok = found.checks.filter(each => each.result === 'ok').map(each => each.name);
    expect(ok).toEqual([
      'signature',
      'files',
      'build.json',
      'provenance',
      'disk',
      'root',
      'PCRs',
      'packages',
      'contents',
    ]);
  });

  it('is refused by another certificate, in signature and provenance', async () => {
    const { exitCode, found } = await verify(release, '--trust', 'keys/update.crt');
    expect(exitCode).toBe(1);
    expect(faults(found)[0]).toEqual(['signature', 'provenance']);
  });
});

describe('a release with damage', () => {
  it('one bit of the list of digests', async () =>
    expect((await changed(async at => flip(at('SHA256SUMS'), () => 3)))[0]).toContain('signature'));

  it('one bit of the signature', async () =>
    expect((await changed(async at => flip(at('SHA256SUMS.sig'), () => 70)))[0]).toEqual(['signature']));

  it('a file is missing, another too many', async () => {
    const [, told] = await changed(async at => {
      await unlink(at('skiff.cdx.json'));
      await writeFile(at('readme'), '');
    });
    expect(told).toMatch(/skiff\.cdx\.json is missing/);
    expect(told).toMatch(/readme is not in SHA256SUMS/);
  });

  it('one bit of the hash tree, though all was signed again', async () => {
    const [names, told] = await changed(async at => {
      await flip(at('skiff.vhdx'), bytes => superblock(bytes) + 8192 + 5);
      await signAgain(at);
    });
    expect(names).toEqual(['build.json', 'provenance', 'root']);
    expect(told).toMatch(/Hull: its hash tree is not that of its blocks, from byte \d+ on/);
  });

  it('one bit of the error correction', async () => {
    const [, told] = await changed(async at => {
      const { fecOffset, hashOffset } = JSON.parse(await readFile(at('build.json'), 'utf8')) as Record<string, number>;
      await flip(at('skiff.vhdx'), bytes => superblock(bytes) + (fecOffset ?? 0) - (hashOffset ?? 0) + 9);
    });
    expect(told).toMatch(/Hull: its error correction is not that of its blocks/);
  });

  it('a package of another version in build.json', async () => {
    const [names] = await changed(async at => {
      const text = await readFile(at('build.json'), 'utf8');
      await writeFile(at('build.json'), text.replace(/("version": "[^"]+)(",\n\s+"architecture")/, '$1+evil$2'));
      await signAgain(at);
    });
    expect(names).toEqual(['provenance', 'packages', 'contents']);
  });

  it('checks that build.json does not ask for are made all the same', async () => {
    const [names, told] = await changed(async at => {
      const record = JSON.parse(await readFile(at('build.json'), 'utf8')) as Record<string, unknown>;
      const none = { rootHash: null, pcrs: null, diskGuid: null, packages: {} };
      await writeFile(at('build.json'), JSON.stringify({ ...record, ...none }));
      await signAgain(at);
    });
    expect(names).toEqual(expect.arrayContaining(['disk', 'root', 'PCRs', 'packages']));
    expect(told).toMatch(/build\.json names no root hash/);
  });

  it('build.json is no JSON: signature and files are checked all the same', async () => {
    const [names] = await changed(async at => {
      await writeFile(at('build.json'), '{');
      await signAgain(at);
    });
    expect(names).toEqual(['build.json']);
  });

  it('a folder in place of the lock, a link in place of the disk', async () => {
    const [names, told] = await changed(async at => {
      for (const name of ['skiff.lock.yaml', 'skiff.vhdx']) await unlink(at(name));
      await mkdir(at('skiff.lock.yaml'));
      await symlink('nowhere', at('skiff.vhdx'));
    });
    expect(names).toEqual(expect.arrayContaining(['files', 'provenance', 'disk', 'packages']));
    expect(told).toMatch(/skiff\.vhdx is no regular file/);
  });

  it('one bit of the provenance', async () => {
    const [names] = await changed(async at => {
      await flip(at('skiff.intoto.jsonl'), bytes => bytes.indexOf('"sig":"') + 40);
      await signAgain(at);
    });
    expect(names).toEqual(['provenance']);
  });

  it('is none: exit code 2, and no stack', async () => {
    await mkdir(path.join(folder, 'empty'));
    const { exitCode, stderr } = await boat.run('verify', path.join(folder, 'empty'));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/is no release[^]*hint: /);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('built again', () => {
  it('it is bit-identical', async () => {
    const { exitCode, found } = await verify(release, '--rebuild');
    expect(found.rebuild).toEqual({ result: 'identical', materials: [], compared: 16, step: null, artifacts: [] });
    expect(exitCode).toBe(0);
  });

  it('from its own lock, whatever lock the project has today', async () => {
    const lock = path.join(boat.project, 'rootfs-manifests/skiff.lock.yaml');
    const text = await readFile(lock);
    await unlink(lock);
    const { found } = await verify(release, '--rebuild');
    await writeFile(lock, text);
    expect(found.rebuild).toMatchObject({ result: 'identical' });
  });

  it('of an altered overlay, tells material, step, partition, file and bytes', async () => {
    const greeting = path.join(boat.project, 'overlays/crew/srv/greeting');
    const text = await readFile(greeting, 'utf8');
    await writeFile(greeting, text.replace(/.$/m, '!'));
    const { exitCode, found } = await verify(release, '--rebuild');
    await writeFile(greeting, text);
    expect(exitCode).toBe(1);
    const { materials, step, artifacts, result } = found.rebuild ?? {};
    expect(result).toBe('different');
    expect(materials).toEqual(['overlays/crew']);
    expect(step).toMatchObject({ id: 'deck', stage: 'tree' });
    expect(step?.parts.join('\n')).toMatch(/^options\.overlays\[crew\]\.entries\[\/srv\/greeting\]\.sha256: released /);
    expect(artifacts?.map(each => each.name)).toEqual(['skiff.vhdx', 'build.json']);
    const hull = artifacts?.[0]?.places.find(each => each.partition === 'Hull');
    const last = text.trimEnd().length;
    expect(hull?.ranges[0]?.start).toBeGreaterThan(0);
    expect(hull?.files).toEqual([
      { path: '/srv/greeting', change: 'content', count: 1, ranges: [{ start: last - 1, end: last }] },
    ]);
  });
});
