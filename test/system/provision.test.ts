/** Copies of the image for one deployment, as other programs read them. */
import { chmod, copyFile, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { provisionCopy } from '../../pipeline/commands/deployment/provision-copy.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { commandContext } from '../commands/context.ts';
import { CLI, PROJECT, testEnvironment } from '../support/caisson.ts';
import { digest, makeKeys, tableOf, workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { own, user } = builds;
const place = workplace(builds, 'provision');
const { folder, at, run, cli, key } = place;
const image = path.join(own.out, 'eflow.vhdx');
const rawImage = path.join(own.out, 'eflow.raw');
const MIB = 2 ** 20;
const GIB = 2 ** 30;

interface Copy {
  file: string;
  size: number;
  hostname: string;
  user: string;
  diskGuid: string;
  diskId: string;
  partitions: {
    number: number;
    name: string;
    uuid: string;
    start: number;
    size: number;
    filesystemUuid: string | null;
  }[];
  keys: { fingerprint: string; comment: string }[];
  privateKey: string | null;
}

async function provision(out: string, ...args: string[]): Promise<Copy> {
  const { exitCode, stdout, stderr } = await cli('--json', 'provision', image, '--out', at(out), ...args);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Copy;
}

/** What debugfs says of the file system at an offset of a raw disk. */
async function headerOf(file: string, start: number): Promise<Record<string, string>> {
  const text = await run('debugfs', '-R', 'stats -h', `${file}?offset=${start}`);
  return Object.fromEntries(text.split('\n').map(line => line.split(/:\s+(.*)/).slice(0, 2) as [string, string]));
}

const partOf = (copy: Copy, name: string): Copy['partitions'][number] => {
  const found = copy.partitions.find(each => each.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

/** Everything between the table and Log: the slots. */
const slots = { start: MIB, end: own.record.partitions.find(each => each.name === 'Log')?.start ?? 0 };

/** Bytes of the slots that are data in either of the raw disks and were found to be the same in both; throws for others. */
async function sameSlots(name: string): Promise<number> {
  const ranges = [...(await dataOf('/mnt/image/eflow.raw')), ...(await dataOf(`/mnt/work/${name}`))];
  const chunks = new Set(ranges.flatMap(({ start, length }) => chunksOf(start, start + length)));
  const files = await Promise.all([rawImage, at(name)].map(async file => open(file)));
  const [theirs, ours] = [Buffer.alloc(MIB), Buffer.alloc(MIB)];
  for (const chunk of chunks) {
    await files[0]?.read(theirs, 0, MIB, chunk * MIB);
    await files[1]?.read(ours, 0, MIB, chunk * MIB);
    if (!ours.equals(theirs)) throw new Error(`MiB ${chunk} of ${name} differs`);
  }
  for (const file of files) await file.close();
  return chunks.size * MIB;
}

/** What is no hole, by qemu-img map. */
async function dataOf(file: string): Promise<{ start: number; length: number }[]> {
  const rows = JSON.parse(await run('qemu-img', 'map', '-f', 'raw', '--output=json', file)) as {
    start: number;
    length: number;
    data: boolean;
  }[];
  return rows.filter(each => each.data);
}

function chunksOf(start: number, end: number): number[] {
  const [first, last] = [Math.max(start, slots.start) / MIB, Math.min(end, slots.end) / MIB];
  return Array.from({ length: Math.max(0, Math.ceil(last) - Math.floor(first)) }, (_, i) => Math.floor(first) + i);
}

let before: string;
beforeAll(async () => {
  await makeKeys(place, ['mate', 'cook', 'ca']);
  before = await digest(image);
});
// Nobody has written to the image, whatever was tried.
afterEach(async () => {
  if ((await digest(image)) !== before) throw new Error('the image was changed');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('a copy', () => {
  let copy: Copy;
  beforeAll(async () => {
    await writeFile(
      at('crew.pub'),
      `# crew\n${await readFile(at('mate.pub'), 'utf8')}${await readFile(at('bosun.pub'), 'utf8')}`,
    );
    const keys = ['--ssh-key', at('crew.pub'), '--ssh-key', at('cook.pub'), '--ca-key', at('ca.pub')];
    copy = await provision('pier.vhdx', '--hostname', 'pier-7.example.com', ...keys);
    await run('qemu-img', 'convert', '-O', 'raw', '/mnt/work/pier.vhdx', '/mnt/work/pier.raw');
  });

  it('is a sound VHDX with a sound table', async () => {
    expect(await run('qemu-img', 'check', '/mnt/work/pier.vhdx')).toContain('No errors were found');
    expect(await run('sgdisk', '-v', '/mnt/work/pier.raw')).toContain('No problems found');
    const { exitCode, stdout } = await cli('inspect', at('pier.vhdx'));
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('No faults found.')]);
  });

  it('has the places and names of the image, and none of its ids', async () => {
    const [theirs, ours] = [await tableOf(place, '/mnt/image/eflow.raw'), await tableOf(place, '/mnt/work/pier.raw')];
    const bare = ({ partitions }: typeof ours) => partitions.map(each => ({ ...each, uuid: '' }));
    expect(bare(ours)).toEqual(bare(theirs));
    expect(ours.id).toBe(copy.diskGuid);
    expect(ours.partitions.map(each => each.uuid)).toEqual(copy.partitions.map(each => each.uuid));
    const ids = [ours.id, theirs.id, ...[...ours.partitions, ...theirs.partitions].map(each => each.uuid)];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every byte of the slots', async () => {
    expect(await sameSlots('pier.raw')).toBeGreaterThan(60 * MIB);
  });

  it.each(['Log', 'Data'])('has a sound %s of its own, made as the image made its', async name => {
    const { start, filesystemUuid } = partOf(copy, name);
    await run('e2fsck', '-f', '-n', `/mnt/work/pier.raw?offset=${start}`);
    const [theirs, ours] = [await headerOf('/mnt/image/eflow.raw', start), await headerOf('/mnt/work/pier.raw', start)];
    for (const field of [
      'Filesystem features',
      'Filesystem volume name',
      'Block count',
      'Inode count',
      'Inode size',
      'Reserved block count',
      'Flex block group size',
      'Filesystem flags',
    ])
      expect([field, ours[field]]).toEqual([field, theirs[field]]);
    expect(ours['Filesystem UUID']).toBe(filesystemUuid);
    expect(ours['Filesystem UUID']).not.toBe(theirs['Filesystem UUID']);
    expect(ours['Directory Hash Seed']).not.toBe(theirs['Directory Hash Seed']);
    expect(ours['Mount count']).toBe('0');
  });

  it('has a seed that root alone may read', async () => {
    const device = `/mnt/work/pier.raw?offset=${partOf(copy, 'Data').start}`;
    const listing = await run('debugfs', '-R', 'ls -p /.caisson/seed', device);
    const files = listing
      .split('\n')
      .map(line => line.split('/').slice(2, 6).join(' '))
      .filter(line => line !== '');
    expect(files.sort()).toEqual([
      '040700 0 0 .',
      '040700 0 0 ..',
      '100600 0 0 authorized_keys',
      '100600 0 0 hostname',
      '100600 0 0 trusted_user_ca_keys',
    ]);
    const text = (name: string): Promise<string> => run('debugfs', '-R', `cat /.caisson/seed/${name}`, device);

    expect(await text('hostname')).toBe('pier-7.example.com');
    expect(await text('authorized_keys')).toBe([await key('mate'), await key('bosun'), await key('cook')].join('\n'));
    expect(await text('trusted_user_ca_keys')).toBe(await key('ca'));
  });

  it('tells the keys as ssh-keygen does', async () => {
    const lines = (await run('ssh-keygen', '-l', '-f', '/mnt/work/crew.pub')).trim().split('\n');
    expect(copy.keys.slice(0, 2).map(each => each.fingerprint)).toEqual(lines.map(line => line.split(' ')[1]));
    expect(copy).toMatchObject({ hostname: 'pier-7.example.com', user: 'admin', privateKey: null });
  });

  it('is no image for another', async () => {
    const { exitCode, stderr } = await cli('provision', at('pier.vhdx'), '--out', at('next.vhdx'), '--generate-key');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Data of')]);
    expect(stderr).toContain('holds files already');
  });
});

describe('copies', () => {
  it('of one image have nothing in common that tells disks apart, and their own key pair', async () => {
    const copies = [await provision('one.vhdx', '--generate-key'), await provision('two.vhdx', '--generate-key')];
    const ids = [];
    for (const { file, hostname, diskGuid, diskId, partitions, keys, privateKey } of copies) {
      const { vhdx } = await withImage(file, async opened => opened);
      expect(vhdx?.diskId).toBe(diskId);
      ids.push(vhdx?.diskId, vhdx?.header.fileWriteGuid, vhdx?.header.dataWriteGuid, diskGuid);
      ids.push(...partitions.flatMap(each => [each.uuid, each.filesystemUuid ?? each.uuid + each.name]));
      ids.push(hostname, keys[0]?.fingerprint);
      expect(privateKey).toBe(`${file}.key`);
      expect((await stat(`${file}.key`)).mode & 0o777).toBe(0o600);
      expect(await run('ssh-keygen', '-y', '-f', `/mnt/work/${path.basename(file)}.key`)).toBe(
        (await readFile(`${file}.key.pub`, 'utf8')).trimEnd(),
      );
      const fingerprint = await run('ssh-keygen', '-l', '-f', `/mnt/work/${path.basename(file)}.key.pub`);
      expect(fingerprint).toContain(`${keys[0]?.fingerprint} admin@${hostname} `);
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(copies.map(each => each.hostname)).toEqual(['one', 'two']);
    // A key that is there is never lost.
    await rm(at('one.vhdx'));
    const { exitCode, stderr } = await cli('provision', image, '--out', at('one.vhdx'), '--generate-key');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('one.vhdx.key is there already')]);
  });

  it('have a Log of 6 GiB and a Data of 2 TiB when asked, in a small file', async () => {
    const sizes = ['--ssh-key', at('mate.pub'), '--log-size', '6GiB', '--data-size', '2 TiB'];
    const size = slots.end + 6 * GIB + 2048 * GIB + MIB;
    const vhdx = await provision('large.vhdx', ...sizes);
    expect((await stat(vhdx.file)).size).toBeLessThan((await stat(image)).size + 256 * MIB);
    const info = JSON.parse(await run('qemu-img', 'info', '--output=json', '/mnt/work/large.vhdx')) as unknown;
    expect(info).toMatchObject({ format: 'vhdx', 'virtual-size': size });
    expect((await cli('inspect', vhdx.file)).exitCode).toBe(0);

    // The same once more in the form that other programs read quickly.
    const copy = await provision('large.raw', ...sizes);
    expect([copy.size, vhdx.size]).toEqual([size, size]);
    expect(await run('sgdisk', '-v', '/mnt/work/large.raw')).toContain('No problems found');
    const { partitions } = await tableOf(place, '/mnt/work/large.raw');
    const [log, data] = partitions.slice(-2);
    expect([log?.start, log?.size]).toEqual([slots.end, 6 * GIB]);
    expect([data?.start, data?.size]).toEqual([slots.end + 6 * GIB, 2048 * GIB]);
    expect(await sameSlots('large.raw')).toBeGreaterThan(60 * MIB);
    for (const each of [log, data]) {
      await run('e2fsck', '-f', '-n', `/mnt/work/large.raw?offset=${each?.start}`);
      const header = await headerOf('/mnt/work/large.raw', each?.start ?? 0);
      expect(Number(header['Block count']) * 4096).toBe(each?.size);
    }
    await rm(at('large.raw'));
  });

  it.each(['raw', 'vhd'])('come from a raw image as %s too', async format => {
    const out = `buoy.${format}`;
    const args = ['--out', at(out), '--ssh-key', at('cook.pub'), '--data-size', '3 GiB'];
    const { exitCode } = await cli('provision', rawImage, ...args);
    expect(exitCode).toBe(0);
    expect(await sameSlots(out)).toBeGreaterThan(60 * MIB);
    if (format === 'raw') expect(await run('sgdisk', '-v', `/mnt/work/${out}`)).toContain('No problems found');
    const { partitions } = await tableOf(place, `/mnt/work/${out}`);
    expect(partitions.at(-1)).toMatchObject({ name: 'Data', size: 3 * GIB });
    await run('e2fsck', '-f', '-n', `/mnt/work/${out}?offset=${partitions.at(-1)?.start}`);
    expect((await stat(at(out))).blocks * 512).toBeLessThan(GIB);
    await rm(at(out));
  });

  it('are made by an ordinary user', async () => {
    const theirs = at('theirs');
    await mkdir(theirs);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) await execa('chown', ['caisson-test', theirs]);
    await chmod(folder, 0o755);
    const source = path.join(theirs, 'eflow.vhdx');
    await copyFile(image, source);
    await chmod(source, 0o444);
    const prefix = isRoot ? ['setpriv', '--reuid=caisson-test', '--regid=caisson-test', '--init-groups'] : [];
    const args = [
      path.join(user.project, 'dist/cli.js'),
      '--project',
      user.project,
      'provision',
      source,
      '--generate-key',
    ];
    const command = [process.execPath, ...args, '--out', path.join(theirs, 'pier.vhdx')];
    const environment = ['env', '-i', `PATH=${process.env.PATH}`, `CAISSON_CACHE=${user.cache}`];
    const [program = '', ...rest] = [...prefix, ...environment, ...command];
    const { exitCode, stderr } = await execa(program, rest, { cwd: theirs, reject: false, stdin: 'ignore' });
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('done')]);
    expect((await readdir(theirs)).sort()).toEqual(['eflow.vhdx', 'pier.vhdx', 'pier.vhdx.key', 'pier.vhdx.key.pub']);
    expect((await stat(path.join(theirs, 'pier.vhdx.key'))).uid).toBe((await stat(theirs)).uid);
  });

  it('are made for programs of keys as texts', async () => {
    const context = commandContext(PROJECT, { environment: testEnvironment(own.cache) });
    const wanted = {
      image,
      out: at('claim.vhdx'),
      hostname: 'claim-4',
      dataSize: null,
      logSize: GIB,
      planted: new Map(),
    };
    const copy = await provisionCopy(context, { ...wanted, authorizedKeys: `${await key('cook')}\n`, caKeys: '' });
    expect(copy).toMatchObject({
      hostname: 'claim-4',
      format: 'vhdx',
      user: 'admin',
      authorities: [],
      privateKey: null,
    });
    expect(copy.userKeys.map(each => each.line)).toEqual([await key('cook')]);
    expect((await cli('ls', at('claim.vhdx'), 'Data:/.caisson/seed')).stdout).toMatch(/ authorized_keys\n.* hostname$/);
    await expect(
      provisionCopy(context, { ...wanted, out: at('none.vhdx'), authorizedKeys: '\n', caKeys: '' }),
    ).rejects.toThrow('nobody could log in');
  });

  it('leave nothing behind when interrupted', async () => {
    await mkdir(at('stopped'));
    const args = [CLI, 'provision', image, '--out', at('stopped/reef.vhdx'), '--generate-key', '--plain'];
    const running = execa(process.execPath, args, { cwd: PROJECT, env: { CAISSON_CACHE: own.cache }, reject: false });
    let said = '';
    running.stderr.on('data', (text: Buffer) => {
      const before = said;
      said += text.toString();
      // Once: a second one may meet a process that is just ending.
      if (said.includes('file systems') && !before.includes('file systems')) running.kill('SIGINT');
    });
    expect((await running).exitCode).toBe(130);
    expect(await readdir(at('stopped'))).toEqual([]);
    const left = await readdir(path.join(own.cache, 'scratch'));
    expect(left.filter(each => each.startsWith('provision-'))).toEqual([]);
  });
});
