/** Every container of a definition, as other programs read it, and compressed; made twice, in two places. */
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { digestFile } from '../../pipeline/engine/digest.ts';
import { caisson, inTree, PROJECT } from '../support/caisson.ts';
import type { BuildRecord } from './set-up.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'formats');
const first = path.join(folder, 'first');
const second = path.join(folder, 'a second place');
const out = path.join(first, 'out/kiosk');
const never = new AbortController().signal;
const SIZE = 40 * 2 ** 20;
const FORMATS = ['vhdx', 'raw', 'vhd', 'qcow2', 'vmdk'];
const run = (...argv: string[]): Promise<string> => inTree(tools, out, argv);

beforeAll(async () => {
  for (const place of [first, second]) {
    await cp(path.join(PROJECT, 'test/fixtures/kiosk'), place, { recursive: true });
    await cp(path.join(PROJECT, 'rootfs-manifests/tools.yaml'), path.join(place, 'rootfs-manifests/tools.yaml'));
  }
  for (const [place, cache, jobs] of [
    [first, 'cache-1', '4'],
    [second, 'cache-2', '1'],
  ] as const) {
    const { exitCode, stderr } = await build(place, {
      cache,
      args: ['--format', FORMATS.join(','), '--compress', 'zst', '--jobs', jobs],
    });
    if (exitCode !== 0 || stderr !== '') throw new Error(`the build of ${place} ended with ${exitCode}: ${stderr}`);
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('all formats, compressed too', () => {
  it('stand in build.json, each with the digest of its file', async () => {
    const { artifacts } = await record(first);
    const wanted = FORMATS.flatMap(format => [`kiosk.${format}`, `kiosk.${format}.zst`]);
    expect(artifacts.map(each => each.path).sort()).toEqual(wanted.sort());
    for (const each of artifacts)
      expect(await digestFile(path.join(out, each.path), never)).toEqual({ sha256: each.sha256, bytes: each.bytes });
  });

  it('have the same bytes when made in another folder, one after the other, from an empty store', async () => {
    const [a, b] = await Promise.all([record(first), record(second)]);
    expect(b.artifacts.map(each => [each.path, each.sha256])).toEqual(
      a.artifacts.map(each => [each.path, each.sha256]),
    );
    expect(b.stages.every(each => !each.cached)).toBe(true);
  });

  it('are reused when nothing changed', async () => {
    const args = ['--format', FORMATS.join(','), '--compress', 'zst'];
    expect((await build(first, { cache: 'cache-1', args })).exitCode).toBe(0);
    expect((await record(first)).stages.filter(each => !each.cached)).toEqual([]);
  });

  it.each(FORMATS)('zstd -d gives the %s back', async format => {
    const digest = await run('sh', '-c', `zstd -dc kiosk.${format}.zst | sha256sum`);
    const plain = (await record(first)).artifacts.find(each => each.path === `kiosk.${format}`);
    expect(digest.split(' ')[0]).toBe(plain?.sha256);
  });
});

describe('other programs', () => {
  it.each([
    ['vhdx', 'vhdx'],
    ['vpc', 'vhd'],
    ['qcow2', 'qcow2'],
    ['vmdk', 'vmdk'],
  ])('qemu-img finds the disk of the raw form in the %s', async (driver, extension) => {
    const files = [`kiosk.${extension}`, 'kiosk.raw'];
    expect(await run('qemu-img', 'compare', '-f', driver, '-F', 'raw', ...files)).toMatch(/identical/);
  });

  it.each(['qcow2', 'vmdk'])('qemu-img finds the %s sound', async format =>
    expect(await run('qemu-img', 'check', '-f', format, `kiosk.${format}`)).toMatch(/No errors/),
  );

  it('qemu-img takes the size of the VHD from its footer, not from its geometry', async () => {
    expect(await info('kiosk.vhd', 'vpc')).toMatchObject({ format: 'vpc', 'virtual-size': SIZE });
    expect((await record(first)).artifacts.find(each => each.path === 'kiosk.vhd')?.bytes).toBe(SIZE + 512);
  });

  it('vhdiinfo reads the VHD as fixed, with the id that is seeded', async () => {
    const text = await run('vhdiinfo', 'kiosk.vhd');
    expect(text).toMatch(/Format\s*: VHD/);
    expect(text).toMatch(/Fixed/);
    expect(text).toContain(`(${SIZE} bytes)`);
    expect(text).toMatch(/Identifier\s*: 824d5a8c-21d0-86f6-b9db-b549f0ff0182/);
  });

  it('qemu-img reads the seeded content id of the VMDK, and the name it is published by', async () => {
    const { 'format-specific': specific } = await info('kiosk.vmdk', 'vmdk');
    expect(specific?.data).toMatchObject({
      cid: 0x1c38d878,
      'create-type': 'streamOptimized',
      extents: [{ filename: 'kiosk.vmdk', compressed: true }],
    });
  });
});

describe('options of a container', () => {
  const rows: [string, string, object][] = [
    ['qcow2', 'format: qcow2, compression: zlib', { 'compression-type': 'zlib' }],
    ['qcow2', 'format: qcow2, compression: zstd', { 'compression-type': 'zstd' }],
    ['vmdk', 'format: vmdk, subformat: monolithicSparse', { 'create-type': 'monolithicSparse' }],
  ];
  it.each(rows)('%s { %s }: the same disk, twice the same bytes', async (format, options, specific) => {
    for (const place of [first, second]) {
      const file = path.join(place, 'pipeline/kiosk.yaml');
      const written = await readFile(path.join(PROJECT, 'test/fixtures/kiosk/pipeline/kiosk.yaml'), 'utf8');
      await writeFile(file, written.replace('format: vhdx, subformat: fixed', options));
      const cache = place === first ? 'cache-1' : 'cache-2';
      expect((await build(place, { cache, args: ['--format', `raw,${format}`] })).exitCode).toBe(0);
    }
    const [a, b] = await Promise.all([record(first), record(second)]);
    expect(a.artifacts).toEqual(b.artifacts);
    const files = [`kiosk.${format}`, 'kiosk.raw'];
    expect(await run('qemu-img', 'compare', '-f', format, '-F', 'raw', ...files)).toMatch(/identical/);
    expect((await info(`kiosk.${format}`, format))['format-specific']?.data).toMatchObject(specific);
  });
});

describe('zstd', () => {
  it('makes the same bytes with any number of threads', async () => {
    const binds = [{ host: own.out, inside: '/mnt/image', writable: false }];
    const digests = [];
    for (const threads of [1, 2, 3, 4]) {
      const command = `zstd -q -3 --threads=${threads} -c /mnt/image/eflow.vhdx | sha256sum`;
      digests.push(await inTree(tools, folder, ['sh', '-c', command], { binds }));
    }
    expect(new Set(digests).size).toBe(1);
  });
});

async function build(
  project: string,
  { cache, args }: { cache: string; args: readonly string[] },
): ReturnType<typeof caisson> {
  const place = path.join(folder, cache);
  // The tools tree and what it is made of are shared; the store is not.
  await mkdir(place, { recursive: true });
  for (const name of ['pool', 'resolutions', 'trees'])
    await symlink(path.join(own.cache, name), path.join(place, name)).catch(() => undefined);
  return caisson(['build', 'kiosk', ...args, '--plain'], { cwd: project, cache: place });
}

async function record(project: string): Promise<BuildRecord> {
  return JSON.parse(await readFile(path.join(project, 'out/kiosk/build.json'), 'utf8')) as BuildRecord;
}

async function info(
  file: string,
  driver: string,
): Promise<{ format: string; 'virtual-size': number; 'format-specific'?: { data: object } }> {
  return JSON.parse(await run('qemu-img', 'info', '--output=json', '-f', driver, file)) as Awaited<
    ReturnType<typeof info>
  >;
}
