/** The machine that claims talk to: the real image, its key on a seed disk, off and on again with a larger disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { diskFile } from '../../pipeline/commands/disk-file.ts';
import { digestFile } from '../../pipeline/engine/digest.ts';
import type { GuestMachine, MachineRequest } from '../../pipeline/engine/machine/guest-machine.ts';
import { startMachine } from '../../pipeline/engine/machine/start.ts';
import { inTree, testEnvironment } from '../support/caisson.ts';
import { vmTools } from '../support/vm-tools.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'guest-machine');
const image = path.join(own.out, 'eflow.vhdx');
const never = new AbortController().signal;
const GiB = 2 ** 30;

let tree: string;
let before: string;
let machine: GuestMachine;
const request = async (extra: Partial<MachineRequest> = {}): Promise<MachineRequest> => ({
  image: await diskFile(image),
  key: path.join(folder, 'key'),
  user: 'admin',
  memoryMiB: 1024,
  cpus: 2,
  tpm: false,
  otherDisks: [await diskFile(path.join(folder, 'seed.raw'))],
  credentials: {},
  scratch: path.join(folder, 'machine'),
  growTo: 0,
  login: true,
  ...extra,
});
const start = async (extra: Partial<MachineRequest> = {}): Promise<GuestMachine> =>
  startMachine(await request(extra), { environment: testEnvironment(own.cache), tree, signal: never });
/** Processes that work on the folder of the machine. */
const left = (): string[] =>
  readdirSync('/proc').flatMap(pid => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(`${folder}/`) ? [line] : [];
    } catch {
      return []; // no process, or one that has ended
    }
  });

beforeAll(async () => {
  await mkdir(path.join(folder, 'seed'), { recursive: true });
  tree = await vmTools(own.cache);
  ({ sha256: before } = await digestFile(image, never));
  await inTree(tree, folder, ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'quay', '-f', '/mnt/work/key']);
  await writeFile(path.join(folder, 'seed/authorized_keys'), await readFile(path.join(folder, 'key.pub')));
  await writeFile(path.join(folder, 'seed/hostname'), 'buoy-7\n');
  const seed = ['mke2fs', '-q', '-L', 'CAISSON-SEED', '-d', '/mnt/work/seed', '/mnt/work/seed.raw', '4M'];
  await inTree(tools, folder, seed);
  machine = await start();
});
afterAll(async () => {
  await machine.kill();
  await rm(folder, { recursive: true, force: true });
});

describe('the first boot', () => {
  it('is measured in parts', () => {
    const { kernel, init, ready } = machine.bootTimes;
    expect(machine.boots).toBe(1);
    expect(machine.bootSeconds).toBe(ready);
    expect([0, kernel, init, ready]).toEqual([0, kernel, init, ready].toSorted((a, b) => Number(a) - Number(b)));
  });

  it('told the host keys that the guest has', async () => {
    const { stdout } = await machine.sh('cat /var/lib/caisson/identity/ssh_host_*_key.pub');
    const keys = stdout
      .trim()
      .split('\n')
      .map(line => line.split(' ').slice(0, 2).join(' '));
    expect(machine.hostKeys.toSorted()).toEqual(keys.toSorted());
    expect(keys.length).toBeGreaterThan(0);
  });
});

describe('a script', () => {
  it('runs as root, with nothing to read, and its end is told', async () => {
    expect(await machine.sh('id -u; cat; echo why >&2; exit 9')).toEqual({
      exitCode: 9,
      stdout: '0\n',
      stderr: 'why\n',
    });
  });

  it('may end as ssh does when it fails', async () => {
    expect(await machine.sh('exit 255')).toMatchObject({ exitCode: 255 });
  });

  it('may print much', async () => {
    const { stdout } = await machine.sh('head -c 2000000 /dev/zero | tr "\\0" x');
    expect(stdout).toHaveLength(2_000_000);
  });

  it('that takes too long is given up, and the next one runs', async () => {
    await expect(machine.sh('sleep 600', { limitSeconds: 1 })).rejects.toThrow('did not end within 1 s');
    expect(await machine.sh('echo here')).toMatchObject({ stdout: 'here\n' });
  });
});

describe('from outside', () => {
  it('is told why there is none, or the guest answers there', async context => {
    if (machine.outside === null) {
      expect(machine.noOutside).toMatch(/tun|unshare/);
      return context.skip(machine.noOutside);
    }
    const { outside } = machine;
    const source = await outside.take();
    const attempt = { user: 'admin', key: path.join(folder, 'key'), certificate: null, command: 'id -un', extra: [] };
    expect(await outside.ssh({ ...attempt, source: source.v4 })).toMatchObject({ exitCode: 0, stdout: 'admin\n' });
    expect(await outside.ssh({ ...attempt, source: source.v6 })).toMatchObject({ exitCode: 0, stdout: 'admin\n' });
    const refused = await outside.ssh({ ...attempt, source: source.v6, key: null });
    expect(refused).toMatchObject({ exitCode: 255, stderr: expect.stringContaining('Permission denied') as string });
    for (const [from, target] of [
      [source.v4, outside.guest4],
      [source.v6, outside.guest6],
    ] as const)
      expect(await outside.tcp({ source: from, target, port: 22, seconds: 10 })).toBe('open');
  });
});

it('reboots, keeps what it wrote and its keys, and the connection stands again', async () => {
  const keys = machine.hostKeys;
  await machine.sh('echo kelp >/root/kept; sync');
  await machine.reboot();
  expect(machine.boots).toBe(2);
  expect(machine.hostKeys).toEqual(keys);
  expect(await machine.sh('cat /root/kept')).toMatchObject({ stdout: 'kelp\n' });
});

it('off and on again, it has what it wrote on a disk that grew', async () => {
  const size = async (): Promise<number> =>
    Number(
      (
        await machine.sh(
          'lsblk --bytes --nodeps --noheadings --output SIZE "/dev/$(lsblk --noheadings --output PKNAME "$(readlink -f /dev/caisson/Data)")"',
        )
      ).stdout,
    );
  const grown = (await size()) + 3 * GiB;
  await machine.powerOff();
  expect(left()).toEqual([]);
  machine = await start({ growTo: grown });
  expect(await size()).toBe(grown);
  expect(await machine.sh('cat /root/kept')).toMatchObject({ stdout: 'kelp\n' });
});

it('killed, it leaves no process, and the image as it was', async () => {
  await machine.kill();
  await expect.poll(left, { timeout: 5000, interval: 20 }).toEqual([]);
  expect((await digestFile(image, never)).sha256).toBe(before);
  await expect(machine.waitForLine(/never/, { from: 0, limitSeconds: 60 })).rejects.toThrow(/ended|off/);
});

it('one that nobody can log in to is given up with the reason', async () => {
  const alone = { otherDisks: [], scratch: path.join(folder, 'alone') };
  await expect(start(alone)).rejects.toMatchObject({
    name: 'BuildFault',
    message: 'nobody can log in to this machine',
  });
  expect(left()).toEqual([]);
});
