/** The projects of examples/, each built as a stranger would build it, and read back for what its README says of it. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { caisson, inTree, PROJECT } from '../support/caisson.ts';
import type { BuildRecord } from './set-up.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'examples');
const cache = path.join(folder, 'cache');

beforeAll(async () => {
  await mkdir(cache, { recursive: true });
  for (const name of ['pool', 'resolutions', 'trees'])
    await symlink(path.join(own.cache, name), path.join(cache, name));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const projectOf = (name: string): string => path.join(folder, name);

/** Alone in its folder: what it has not is taken from Caisson's own. */
async function copied(name: string): Promise<void> {
  for (const each of ['pipeline', 'layouts', 'rootfs-manifests', 'overlays'])
    await cp(path.join(PROJECT, 'examples', name, each), path.join(projectOf(name), each), { recursive: true }).catch(
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      },
    );
}

const run = async (name: string, ...args: string[]) => caisson(args, { cwd: projectOf(name), cache });

async function built(name: string, ...more: string[]): Promise<BuildRecord> {
  const { exitCode, stderr } = await run(name, 'build', name, '--plain', ...more);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(await readFile(path.join(projectOf(name), 'out', name, 'build.json'), 'utf8')) as BuildRecord;
}

/** A file of the root, as text. */
async function rootFile(name: string, partition: string, file: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(name, 'cat', name, `${partition}:${file}`);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

describe('container-host', () => {
  let record: BuildRecord;
  beforeAll(async () => {
    await copied('container-host');
    record = await built('container-host');
  });

  it('has 16 GiB for containers, podman and what it runs containers with', () => {
    expect(record.partitions.find(each => each.name === 'Data')?.size).toBe(16 * 2 ** 30);
    const names = record.packages['container-host']?.map(each => each.name);
    expect(names).toEqual(expect.arrayContaining(['podman', 'crun', 'netavark', 'aardvark-dns', 'conmon']));
  });

  it('lets the port in from the one subnet', async () => {
    const rules = await rootFile('container-host', 'RootFSA', '/usr/share/caisson/firewall/rules.v4');
    const about = rules.split('\n').filter(each => each.includes('--dport 5000'));
    expect(about).toEqual([
      '-A INPUT -s 192.168.64.0/24 -p tcp -m tcp --dport 5000 --syn -m conntrack --ctstate NEW -j ACCEPT',
    ]);
    expect(await rootFile('container-host', 'RootFSA', '/usr/share/caisson/firewall/rules.v6')).not.toContain(
      '--dport 5000',
    );
  });

  it('keeps containers on Data itself, and tells podman whose firewall it is', async () => {
    const declared = JSON.parse(await rootFile('container-host', 'RootFSA', '/usr/lib/caisson/image.json')) as unknown;
    expect(declared).toMatchObject({
      overlays: { direct: [{ path: '/var/lib/containers', content: 'data' }, { path: '/var/log/journal' }] },
    });
    const conf = await rootFile('container-host', 'RootFSA', '/etc/containers/containers.conf.d/10-caisson.conf');
    expect(conf).toContain('firewall_driver = "iptables"');
  });
});

describe('minimal', () => {
  beforeAll(async () => {
    await copied('minimal');
    await built('minimal', '--format', 'raw');
  });

  it('has two partitions, as sfdisk reads them', async () => {
    const text = await inTree(tools, path.join(projectOf('minimal'), 'out/minimal'), [
      'sfdisk',
      '--json',
      '/mnt/work/minimal.raw',
    ]);
    const { partitiontable } = JSON.parse(text) as { partitiontable: { partitions: { name: string; size: number }[] } };
    expect(partitiontable.partitions.map(each => [each.name, each.size / 2048])).toEqual([
      ['Boot', 32],
      ['Root', 96],
    ]);
  });

  it('has its kernel where firmware looks, and nothing else there', async () => {
    const { stdout } = await run('minimal', 'ls', 'minimal', 'Boot:/EFI', '--plain');
    expect(stdout).toContain('BOOT');
    expect(stdout).not.toContain('caisson');
    expect((await run('minimal', 'ls', 'minimal', 'Boot:/EFI/BOOT/BOOTX64.EFI', '--plain')).exitCode).toBe(0);
  });

  it('keeps changes in memory', async () => {
    const declared = JSON.parse(await rootFile('minimal', 'Root', '/usr/lib/caisson/image.json')) as unknown;
    expect(declared).toMatchObject({ overlays: { content: '', entries: expect.arrayContaining([]) as unknown } });
  });
});

describe('verified', () => {
  beforeAll(async () => {
    await copied('verified');
    const keys = await run('verified', '--plain', 'keys', 'new', 'keys');
    if (keys.exitCode !== 0) throw new Error(keys.stderr);
    await built('verified');
  });

  it('is verified from the firmware on, has a TPM, and is reached over vsock', async () => {
    expect(JSON.parse(await rootFile('verified', 'RootFSA', '/usr/lib/caisson/image.json'))).toMatchObject({
      verifiedBoot: 'enforced',
      features: { tpm: 'on' },
      ssh: { transport: 'both' },
    });
    const { exitCode, stdout } = await run('verified', 'inspect', 'verified', '--json');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Caisson');
  });
});

describe('tarball', () => {
  let sha256: string;
  beforeAll(async () => {
    await copied('tarball');
    const base = own.record.stages.find(each => each.id === 'base');
    const file = path.join(projectOf('tarball'), 'rootfs.tar.gz');
    const tar = createReadStream(path.join(own.cache, 'store', base?.key ?? '', 'artifact'));
    await pipeline(tar, createGzip({ level: 1 }), createWriteStream(file));
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    sha256 = hash.digest('hex');
  });

  it('refuses another tarball than the one that is meant, and tells which it found', async () => {
    const { exitCode, stderr } = await run('tarball', 'check', 'tarball');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`"rootfs.tar.gz" has the SHA-256 ${sha256}`);
    expect(stderr).toMatch(/tarball\.yaml:\d+:\d+/);
  });

  it('has the files of the tar in its root, and no package of Debian but those of the initrd', async () => {
    const definition = path.join(projectOf('tarball'), 'pipeline/tarball.yaml');
    const text = await readFile(definition, 'utf8');
    await writeFile(definition, text.replace(/sha256: "[0-9a-f]{64}"/, `sha256: "${sha256}"`));
    const record = await built('tarball');
    expect(Object.keys(record.packages)).toEqual(['initrd']);
    const rows = await run('tarball', 'ls', 'tarball', 'RootFSA:/usr/bin/sudo', '--plain');
    expect(rows.stdout).toMatch(/^-rwsr-xr-x|4755/m);
    expect(await rootFile('tarball', 'RootFSA', '/usr/lib/os-release')).toContain('IMAGE_ID=tarball');
  });
});
