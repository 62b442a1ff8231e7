/** Update bundles, as RAUC itself reads them: that of eflow, and those of a small image by keys of many kinds. */
import { cp, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { caisson, inTree, PROJECT, type CliResult } from '../support/caisson.ts';
import { digest } from '../support/provisioned.ts';
import { shareTools } from '../support/skiff.ts';
import { vmTools } from '../support/vm-tools.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'bundle');
const at = (...names: string[]): string => path.join(folder, ...names);
const NAME = `eflow-${own.record.version}.raucb`;
const BLOCK = 4096;

/** As the machines have it: what RAUC takes, and by whom. */
const configuration = (compatible: string, keyring: string): string =>
  `[system]
compatible=${compatible}
bootloader=noop
bundle-formats=verity
data-directory=/mnt/work
[keyring]
path=${keyring}
check-purpose=codesign
allow-partial-chain=false
`;

const rauc = async (conf: string, ...args: string[]): Promise<string> =>
  inTree(reader, folder, ['rauc', '--conf', `/mnt/work/${conf}`, ...args], {
    binds: [
      { host: own.out, inside: '/mnt/image', writable: false },
      { host: path.join(own.project, 'keys'), inside: '/mnt/keys', writable: false },
    ],
  });

/** The tree with RAUC. */
let reader: string;
beforeAll(async () => {
  reader = await vmTools(own.cache);
  await mkdir(folder, { recursive: true });
  await writeFile(at('eflow.conf'), configuration('eflow', '/mnt/keys/update-ca.crt'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('the bundle of eflow', () => {
  it('is one to RAUC: verity, of this image and version, with what its handlers are told', async () => {
    const said = await rauc('eflow.conf', 'info', '--output-format=json-2', `/mnt/image/${NAME}`);
    const { update, bundle, images, meta } = JSON.parse(said) as {
      update: unknown;
      bundle: unknown;
      images: unknown[];
      meta: { caisson: Record<string, string> };
    };
    expect(update).toMatchObject({ compatible: 'eflow', version: own.record.version, build: '2026-11-01T00:00:00Z' });
    expect(bundle).toMatchObject({ format: 'verity' });
    const size = (content: string): number =>
      (own.record.bundle?.images ?? []).find(each => each.content === content)?.bytes ?? 0;
    expect(images).toMatchObject([
      { 'slot-class': 'rootfs', filename: 'rootfs.img', size: size('rootfs') },
      { 'slot-class': 'boot', filename: 'boot.img', size: size('boot') },
    ]);
    expect(meta.caisson).toMatchObject({
      version: own.record.version,
      downgrade: 'refuse',
      'root-hash': own.record.rootHash,
      'size-rootfs': String(size('rootfs')),
      'size-boot': String(size('boot')),
      selector: 'selector.img',
    });
  });

  it('brings what the image has in its slot, byte by byte', async () => {
    await rauc('eflow.conf', 'extract', `/mnt/image/${NAME}`, '/mnt/work/extracted');
    expect((await readdir(at('extracted'))).sort()).toEqual(['boot.img', 'rootfs.img', 'selector.img']);
    const raw = await open(path.join(own.out, 'eflow.raw'));
    try {
      for (const [file, name] of [
        ['rootfs.img', 'RootFSA'],
        ['boot.img', 'BootA'],
        ['selector.img', 'BootEFIA'],
      ] as const) {
        const partition = own.record.partitions.find(each => each.name === name)!;
        const made = await readFile(at('extracted', file));
        const { buffer } = await raw.read(
          Buffer.alloc(partition.size < 2 ** 29 ? partition.size : made.length),
          0,
          null,
          partition.start,
        );
        expect(buffer.subarray(0, made.length).equals(made), file).toBe(true);
        // Behind its end there is nothing that a machine would miss.
        expect(
          buffer.subarray(made.length).every(byte => byte === 0),
          file,
        ).toBe(true);
      }
    } finally {
      await raw.close();
    }
    const { buffer } = await readEnd(path.join(own.out, NAME));
    expect(buffer.readBigUInt64BE(0)).toBeLessThan(2n ** 16n);
    await rm(at('extracted'), { recursive: true });
  });

  it('is told of by inspect, with who signed it', async () => {
    const { exitCode, stdout } = await caisson(['inspect', path.join(own.out, NAME), '--json'], {
      cwd: own.project,
      cache: own.cache,
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      compatible: 'eflow',
      version: own.record.version,
      images: [{ content: 'rootfs' }, { content: 'boot' }],
      rootHash: own.record.rootHash,
      from: null,
      certificates: [{ name: 'Caisson test update', from: '2020-01-01', to: '2049-12-31' }],
      faults: [],
    });
  });

  it('is told of in build.json', () => {
    const file = own.record.artifacts.find(each => each.path === NAME);
    expect(file?.bytes).toBeLessThan(90 * 2 ** 20);
    expect(own.record.bundle).toMatchObject({
      compatible: 'eflow',
      rootHash: own.record.rootHash,
      images: [{ content: 'rootfs' }, { content: 'boot' }],
      selector: { content: 'bootefi', file: 'selector.img' },
    });
  });

  it('is refused by who trusts others', async () => {
    const made = await caisson(['keys', 'new', at('others'), '--plain'], { cwd: own.project, cache: own.cache });
    expect(made.exitCode, made.stderr).toBe(0);
    await writeFile(at('others.conf'), configuration('eflow', '/mnt/work/others/update-ca.crt'));
    await expect(rauc('others.conf', 'info', `/mnt/image/${NAME}`)).rejects.toMatchObject({
      output: expect.arrayContaining([expect.stringContaining('unable to get local issuer')]) as string[],
    });
  });

  it('is refused with one bit changed, wherever it is, and cut short', async () => {
    const { size } = await stat(path.join(own.out, NAME));
    const { buffer } = await readEnd(path.join(own.out, NAME));
    const signature = size - 8 - Number(buffer.readBigUInt64BE(0));
    await cp(path.join(own.out, NAME), at('flipped.raucb'));
    // In the superblock, the images, the hash tree (its last block), the manifest within the CMS, the signature, the length.
    for (const offset of [
      40,
      2 * BLOCK + 7,
      signature / 2,
      signature - BLOCK + 3,
      signature + 90,
      size - 40,
      size - 1,
    ]) {
      const place = Math.floor(offset);
      await flip(at('flipped.raucb'), place);
      const read = rauc('eflow.conf', 'extract', '/mnt/work/flipped.raucb', '/mnt/work/flipped');
      await expect(read, `byte ${place} of ${size}`).rejects.toThrow('rauc');
      await flip(at('flipped.raucb'), place);
      await rm(at('flipped'), { recursive: true, force: true });
    }
    // Whole again, it is taken: the bits were what was refused.
    await rauc('eflow.conf', 'extract', '/mnt/work/flipped.raucb', '/mnt/work/flipped');
    for (const length of [size - 1, signature, BLOCK]) {
      await cp(path.join(own.out, NAME), at('cut.raucb'));
      const file = await open(at('cut.raucb'), 'r+');
      await file.truncate(length);
      await file.close();
      await expect(rauc('eflow.conf', 'info', '/mnt/work/cut.raucb'), `${length} bytes`).rejects.toThrow('rauc');
    }
  });
});

describe('a bundle of a small image', () => {
  const build = async (cache: string, ...args: string[]): Promise<CliResult> =>
    caisson(['build', 'ketch', '--bundle', '--plain', ...args], { cwd: at('ketch'), cache: at(cache) });
  const made = (out: string): string => at('ketch', out, 'ketch/ketch-7.1.raucb');

  beforeAll(async () => {
    await cp(path.join(PROJECT, 'test/fixtures/ketch'), at('ketch'), { recursive: true });
    await mkdir(at('ketch/rootfs-manifests'));
    await cp(path.join(PROJECT, 'rootfs-manifests/tools.yaml'), at('ketch/rootfs-manifests/tools.yaml'));
    for (const cache of ['one', 'two']) await shareTools(at(cache), own.cache);
    const keys = await caisson(['keys', 'new', 'keys', '--plain'], { cwd: at('ketch'), cache: at('one') });
    if (keys.exitCode !== 0) throw new Error(keys.stderr);
    await cp(at('ketch/keys'), at('keys'), { recursive: true });
    await writeFile(at('ketch.conf'), configuration('rowing-boat', '/mnt/work/keys/update-ca.crt'));
    await issue({ name: 'middle', issuer: 'update-ca', extensions: ISSUES, to: '2049' });
    await issue({ name: 'leaf', issuer: 'middle', extensions: SIGNS, to: '2049' });
    await writeFile(
      at('keys/both.crt'),
      (await readFile(at('keys/leaf.crt'), 'utf8')) + (await readFile(at('keys/middle.crt'), 'utf8')),
    );
    await issue({ name: 'server', issuer: 'update-ca', extensions: SERVES, to: '2049' });
    await issue({ name: 'old', issuer: 'update-ca', extensions: SIGNS, to: '2021' });
    await cp(at('keys'), at('ketch/keys'), { recursive: true });
  });

  it('has the same bytes when it is built again elsewhere, with the same key', async () => {
    const [first, second] = [
      await build('one', '--out', 'first'),
      await build('two', '--out', 'second', '--jobs', '1'),
    ];
    expect([first.exitCode, first.stderr], first.stderr).toEqual([0, '']);
    expect(second.exitCode, second.stderr).toBe(0);
    expect(await digest(made('second'))).toBe(await digest(made('first')));
    const said = JSON.parse(
      await rauc('ketch.conf', 'info', '--output-format=json-2', '/mnt/work/ketch/first/ketch/ketch-7.1.raucb'),
    ) as object;
    expect(said).toMatchObject({ update: { compatible: 'rowing-boat' }, meta: { caisson: { downgrade: 'allow' } } });
  });

  it('is built anew for another key, and nothing else is', async () => {
    const changed = await build(
      'one',
      '--out',
      'first',
      '--set',
      'updates.signing={ key: keys/leaf.key, certificate: keys/both.crt }',
    );
    expect(changed.exitCode, changed.stderr).toBe(0);
    expect(changed.stdout).toMatch(/bundle +done/);
    expect(changed.stdout).toContain('1 step built');
    // With the certificate between the two, machines that know the authority alone take it.
    await rauc('ketch.conf', 'info', '/mnt/work/ketch/first/ketch/ketch-7.1.raucb');
  });

  it.each([
    [
      'of nobody that the keyring knows',
      'keys/db',
      'keys/db',
      ['machines would refuse what the certificate', 'keys/db.crt'],
    ],
    ['without what leads to the keyring', 'keys/leaf', 'keys/leaf', ['unable to get local issuer', 'keys/leaf.crt']],
    ['for servers', 'keys/server', 'keys/server', ['is not for signing code', 'keys/server.crt']],
    ['expired at the epoch', 'keys/old', 'keys/old', ['is expired at 2031-03-03T03:03:03Z', 'keys/old.crt']],
    ['of another key', 'keys/leaf', 'keys/update', ['do not belong together', 'keys/leaf.key']],
    ['that is not there', 'keys/none', 'keys/none', ['no certificate', 'keys/none.crt']],
  ])('a certificate %s is refused before anything is built', async (_, key, certificate, parts) => {
    const set = `updates.signing={ key: ${key}.key, certificate: ${certificate}.crt }`;
    const { exitCode, stderr, stdout } = await build('two', '--out', 'refused', '--set', set, '--set', 'version="8"');
    expect(stderr).toMatch(/^error: .*\n {4}hint: .*$/);
    for (const part of parts) expect(stderr).toContain(part);
    expect(stdout).not.toContain(' done in ');
    expect(exitCode).toBe(2);
  });

  it('cannot be exported for a key elsewhere: the way is told', async () => {
    const { exitCode, stderr } = await build('two', '--unsigned', 'wanted');
    expect(stderr).toContain('--bundle');
    expect(exitCode).toBe(2);
  });
});

const ISSUES = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
const SIGNS = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=codeSigning'];
const SERVES = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=serverAuth'];

/** Makes keys/NAME.key, and its certificate by keys/ISSUER.key, which ends with the beginning of the year `to`. */
async function issue(wanted: { name: string; issuer: string; extensions: string[]; to: string }): Promise<void> {
  const { name, issuer, extensions, to } = wanted;
  const file = (each: string): string => `/mnt/work/keys/${each}`;
  const request = ['openssl', 'req', '-config', '/dev/null', '-new', '-x509', '-newkey', 'rsa:2048', '-noenc'];
  const valid = ['-not_before', '20200101000000Z', '-not_after', `${to}0101000000Z`];
  const by = ['-CA', file(`${issuer}.crt`), '-CAkey', file(`${issuer}.key`)];
  const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
  const added = extensions.flatMap(each => ['-addext', each]);
  await inTree(tools, folder, [...request, '-subj', `/CN=${name}`, ...valid, ...by, ...files, ...added]);
}

async function flip(name: string, offset: number): Promise<void> {
  const file = await open(name, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0x10]), 0, 1, offset);
  await file.close();
}

/** The length of the signature: the last eight bytes. */
async function readEnd(name: string): Promise<{ buffer: Buffer }> {
  const file = await open(name);
  try {
    return await file.read(Buffer.alloc(8), 0, 8, (await file.stat()).size - 8);
  } finally {
    await file.close();
  }
}
