/**
 * Releases of eflow by two people, each in a checkout and with a cache of their own, on different days: the same bytes.
 * What is signed is checked by openssl and sha256sum of the tools tree. And what leaves no release behind.
 */
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { decodeEnvelope, preAuthEncoding } from '../../pipeline/formats/dsse.ts';
import { decodeStatement } from '../../pipeline/formats/provenance.ts';
import { decodeSums, releaseFiles } from '../../pipeline/formats/release-files.ts';
import { asRoot, CLI } from '../support/caisson.ts';
import { makeLock } from '../support/lock.ts';
import { runAsOtherUser } from '../support/other-user.ts';
import { copyWithKeys } from '../support/project.ts';
import { statementFaults } from '../support/provenance-schema.ts';
import { digest, workplace } from '../support/provisioned.ts';
import { event, skiff, type Skiff } from '../support/skiff.ts';

const builds = inject('builds');
const { folder, at, run } = workplace(builds, 'release');
const { version, rootHash } = builds.own.record;
const names = releaseFiles('eflow', version);
const [ONE, OTHER] = [at(`one/out/eflow/${version}`), at(`other/far away/out/eflow/${version}`)];

beforeAll(async () => {
  const project = at('one/project');
  await copyWithKeys(builds.own.project, project);
  await makeLock(project, builds.own.cache, 'eflow');
  await run(
    'openssl',
    'x509',
    '-in',
    '/mnt/work/one/project/keys/release.crt',
    '-noout',
    '-pubkey',
    '-out',
    '/mnt/work/pub',
  );
  // The other works on a copy of the checkout, with the steps of the build that the other made.
  const [home, theirs] = [at('other'), at('other/far away/project')];
  await mkdir(theirs, { recursive: true });
  await cp(project, theirs, { recursive: true });
  for (const name of ['package.json', 'dist', 'node_modules'])
    await cp(path.join(path.dirname(path.dirname(CLI)), name), path.join(theirs, name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  // What a release publishes takes the place of what the store knows of the shared builds: both have copies.
  const caches = { root: at('one/cache'), user: at('other/cache') };
  for (const who of ['root', 'user'] as const) await copyCache(builds[who].cache, caches[who]);
  const [program, ...args] = [...asRoot(), 'env', `CAISSON_CACHE=${caches.root}`, process.execPath, CLI];
  const release = ['release', 'eflow', '--offline', '--plain', '--out'];
  await execa(program, [...args, ...release, at('one/out')], { cwd: project, stdin: 'ignore', stdout: 'inherit' });
  const user = { home, project: theirs, cache: caches.user };
  await runAsOtherUser(user, [...release, at('other/far away/out')]);
});
afterAll(async () => {
  const [program, ...args] = [...asRoot(), 'rm', '-rf', folder];
  await execa(program, args);
});

/** By root, who alone can read all of it; artifacts are links, which nobody writes to. */
async function copyCache(from: string, to: string): Promise<void> {
  const run = async (...argv: string[]): Promise<void> => {
    const [program = '', ...args] = [...asRoot(), ...argv];
    await execa(program, args);
  };
  await run('mkdir', '--parents', to);
  for (const name of ['pool', 'resolutions', 'trees']) await run('ln', '--symbolic', path.join(from, name), to);
  await run('cp', '--archive', '--link', path.join(from, 'store'), to);
}

describe('a release of eflow', () => {
  it('is the same in every byte, whoever makes it, where, and on which day', async () => {
    const files = (await readdir(ONE)).sort();
    expect(files).toEqual(
      [...decodeSums(await text(names.sums)).map(each => each.name), names.sums, names.signature].sort(),
    );
    expect(files).toEqual(
      expect.arrayContaining(['eflow.vhdx', names.bundle, names.record, names.lock, names.provenance]),
    );
    expect((await readdir(OTHER)).sort()).toEqual(files);
    for (const name of files)
      expect([name, await digest(path.join(OTHER, name))]).toEqual([name, await digest(path.join(ONE, name))]);
    expect(await digest(path.join(ONE, 'eflow.vhdx'))).toBe(await digest(path.join(builds.own.out, 'eflow.vhdx')));
    for (const each of [ONE, OTHER]) {
      expect(((await stat(each)).mode & 0o777).toString(8)).toBe('755');
      expect(((await stat(path.join(each, 'eflow.vhdx'))).mode & 0o777).toString(8)).toBe('644');
      expect((await readdir(path.dirname(each))).filter(name => name !== '.lock')).toEqual([version]);
    }
  });

  it('tells nothing of who made it', async () => {
    const { payload } = decodeEnvelope(await text(names.provenance));
    for (const said of [payload.toString(), await text(names.record)])
      for (const fact of [folder, builds.scratch, `"${hostname()}"`, 'caisson-test', 'Chatham'])
        expect(said).not.toContain(fact);
  });

  it('is what its list says, to sha256sum and openssl; one flipped bit of the list is refused', async () => {
    const verified = async (file: string): Promise<string> =>
      run('openssl', 'dgst', '-sha256', '-verify', '/mnt/work/pub', '-signature', inside(names.signature), file);
    expect(
      await run('sh', '-c', `cd "$1" && sha256sum --check --strict ${names.sums}`, 'sh', path.dirname(inside('x'))),
    ).toContain('eflow.vhdx: OK');
    expect(await verified(inside(names.sums))).toContain('Verified OK');
    const sums = await readFile(path.join(ONE, names.sums));
    for (const bit of [0, 8 * 30 + 1, sums.length * 8 - 1]) {
      await writeFile(at('flipped'), flipped(sums, bit));
      await expect(verified('/mnt/work/flipped')).rejects.toThrow('openssl ended');
    }
  });

  it('has a signed statement: no bit of it or of its type may differ', async () => {
    const { payload, payloadType, signatures } = decodeEnvelope(await text(names.provenance));
    expect(signatures).toHaveLength(1);
    await writeFile(at('sig'), signatures[0]?.signature ?? '');
    const der = await run('sh', '-c', 'openssl pkey -pubin -in /mnt/work/pub -outform DER | sha256sum');
    expect(signatures[0]?.keyid).toBe(der.slice(0, 64));
    const verified = async (type: string, body: Uint8Array): Promise<string> => {
      await writeFile(at('signed'), preAuthEncoding(type, body));
      const files = ['-signature', '/mnt/work/sig', '/mnt/work/signed'];
      return run('openssl', 'dgst', '-sha256', '-verify', '/mnt/work/pub', ...files);
    };
    expect(await verified(payloadType, payload)).toContain('Verified OK');
    await expect(verified(payloadType, flipped(payload, 8 * 100))).rejects.toThrow('openssl ended');
    await expect(verified(flipped(Buffer.from(payloadType), 8).toString(), payload)).rejects.toThrow('openssl ended');
  });

  it('says in it what it is and what it was made of, as the specifications want', async () => {
    const statement = decodeEnvelope(await text(names.provenance)).payload.toString();
    expect(statementFaults(JSON.parse(statement))).toEqual([]);
    const { subjects, externalParameters, resolvedDependencies } = decodeStatement(statement);
    expect(externalParameters).toEqual({ image: 'eflow', version, sets: [], formats: [], compress: 'none' });
    const sums = decodeSums(await text(names.sums)).filter(each => each.name !== names.provenance);
    const root = { name: 'root-hash', sha256: rootHash };
    expect(subjects).toEqual([...sums, root].sort((a, b) => (a.name < b.name ? -1 : 1)));
    const material = (name: string) => resolvedDependencies.find(each => each.name === name);
    expect(material(`rootfs-manifests/${names.lock}`)?.digest).toEqual({
      sha256: await digest(path.join(ONE, names.lock)),
    });
    expect(material('systemd')).toMatchObject({
      annotations: { manifests: expect.arrayContaining(['base']) as string[] },
    });
    for (const name of [
      'pipeline/eflow.yaml',
      'layouts/eflow.yaml',
      'overlays/guest',
      'mmdebstrap',
      'keys/update-ca.crt',
    ])
      expect(material(name), name).toBeDefined();
  });
});

const text = async (name: string): Promise<string> => readFile(path.join(ONE, name), 'utf8');
const inside = (name: string): string => `/mnt/work/one/out/eflow/${version}/${name}`;

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe('no folder of a release is left', () => {
  let boat: Skiff;
  beforeAll(async () => {
    boat = await skiff(at('small'), builds.own.cache);
    const definition = path.join(boat.project, 'pipeline/skiff.yaml');
    const key = 'release: { key: keys/release.key, certificate: keys/release.crt }\n';
    // Within what the certificates of `keys new` are valid for.
    const written = (await readFile(definition, 'utf8')).replace('epoch: "2019', 'epoch: "2021');
    await writeFile(definition, `${written}${key}`);
    await cp(path.join(builds.own.project, 'keys'), path.join(boat.project, 'keys'), { recursive: true });
    // Asks for its packages and fetches them, if no other test did so before.
    const built = await boat.run('build', 'skiff', '--plain', '--out', at('small/built'));
    if (built.exitCode !== 0) throw new Error(built.stderr);
    await makeLock(boat.project, boat.cache, 'skiff');
  });

  const release = (...args: string[]) => boat.run('release', 'skiff', '--offline', '--plain', ...args);
  /** Of the output folder, but for the lock of those who write into it. */
  const left = async (): Promise<string[]> =>
    (await readdir(path.join(boat.project, 'out/skiff')).catch(() => [])).filter(name => name !== '.lock');

  it.each([
    ['by a missing key', ['--set', 'release.key=keys/none.key'], 2, 'no key '],
    ['by a key of another certificate', ['--set', 'release.key=keys/update.key'], 2, 'do not belong together'],
    ['by a token without a module', ['--set', 'release.key=pkcs11:token=reef;object=cox'], 2, 'no module is named'],
    ['by formats that nobody reads here', ['--format', 'qcow2'], 2, 'add vhdx, vhd or raw'],
    ['by a budget that is crossed', ['--set', 'budgets.image=1 MiB'], 1, '1 MiB'],
  ])('%s', async (_, args, exitCode, message) => {
    const result = await release(...args);
    expect(result.stderr).toContain(message);
    expect(result.exitCode).toBe(exitCode);
    expect(await left()).toEqual([]);
  });

  it('without a lock file', async () => {
    const lock = path.join(boat.project, 'rootfs-manifests/skiff.lock.yaml');
    const kept = await readFile(lock);
    await rm(lock);
    const result = await release();
    await writeFile(lock, kept);
    expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('caisson lock skiff') as string });
    expect(await left()).toEqual([]);
  });

  it('by a signal, at any time', async () => {
    for (const id of ['rigging', 'hull', 'boat']) {
      await rm(path.join(boat.cache, 'store'), { recursive: true, force: true });
      const running = boat.start('release', 'skiff', '--offline');
      await startOf(running, id);
      running.kill('SIGTERM');
      expect((await running).exitCode).toBe(130);
      expect(await left(), id).toEqual([]);
    }
  });

  it('over one that is there: it stays as it is', async () => {
    const made = await release('--version', '0.4');
    expect(made.exitCode, made.stderr).toBe(0);
    expect(made.stdout).toContain('Release skiff 0.4 in out/skiff/0.4');
    const files = await readdir(path.join(boat.project, 'out/skiff/0.4'));
    expect(files).not.toContain('skiff-0.4.raucb');
    const again = await release('--version', '0.4');
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is there already') as string });
    expect(await left()).toEqual(['0.4']);
    expect(await readdir(path.join(boat.project, 'out/skiff/0.4'))).toEqual(files);
  });

  /** Events of a release go to stderr: stdout is for what was made. */
  async function startOf(running: ReturnType<Skiff['start']>, id: string): Promise<void> {
    await event({ stdout: running.stderr }, each => each.task?.id === id);
  }
});
