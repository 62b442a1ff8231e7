/** The checks of the image, one by one. */
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, type Machine } from './machine.ts';

const folder = scratchDirectory();
let machine: Machine;
let server: Server | null = null;

beforeEach(async () => {
  machine = await machineIn(
    folder,
    ['ssh', 'firewall', 'overlays', 'units'].map(each => `health.d/${each}`),
    {
      ssh_transport: 'tcp',
    },
  );
  await machine.program(
    'systemctl',
    `case "$*" in *list-units*) cat ${folder}/failed ;; *) grep -qx "$3" ${folder}/active ;; esac`,
  );
  for (const name of ['failed', 'active']) await machine.file(name, '');
});
afterEach(async () => {
  await new Promise(resolve => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});

const check = async (name: string) => {
  const { exitCode, stdout } = await machine.run(`health.d/${name}`);
  return [exitCode, stdout];
};
/** In place of a path or a number of a check. */
async function moved(name: string, from: string, to: string): Promise<void> {
  const file = `usr/lib/caisson/health.d/${name}`;
  await machine.file(file, (await readFile(machine.at(file), 'utf8')).replaceAll(from, to));
}

describe('ssh', () => {
  async function answering(banner: string): Promise<void> {
    server = createServer(socket => socket.on('error', () => undefined).end(banner));
    await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve));
    await moved('ssh', '127.0.0.1/22', `127.0.0.1/${(server.address() as AddressInfo).port}`);
  }

  it('is well when sshd says its version', async () => {
    await answering('SSH-2.0-OpenSSH_99.9\r\n');
    expect(await check('ssh')).toEqual([0, '']);
  });

  it.each(['', 'HTTP/1.1 400 Bad Request\r\n'])('is not when something else answers: "%s"', async banner => {
    await answering(banner);
    expect(await check('ssh')).toEqual([1, 'sshd does not answer on port 22']);
  });

  it('is not when nobody listens', async () => {
    await answering('SSH-2.0-OpenSSH_99.9\r\n');
    await new Promise(resolve => server?.close(resolve));
    server = null;
    expect(await check('ssh')).toEqual([1, 'sshd does not answer on port 22']);
  });

  it('over vsock needs the socket of systemd', async () => {
    await machine.file('usr/lib/caisson/guest.conf', "ssh_transport='vsock'\n");
    expect(await check('ssh')).toEqual([1, 'nobody listens for SSH on vsock']);
    await machine.file('active', 'caisson-ssh-vsock.socket\n');
    expect(await check('ssh')).toEqual([0, '']);
  });

  it('asks nothing where nobody may log in', async () => {
    await machine.file('usr/lib/caisson/guest.conf', "ssh_transport=''\n");
    expect(await check('ssh')).toEqual([0, '']);
  });
});

describe('firewall', () => {
  beforeEach(async () => {
    await moved('firewall', '/usr/share/caisson/', `${folder}/usr/share/caisson/`);
    for (const family of ['v4', 'v6'])
      await machine.file(`usr/share/caisson/firewall/rules.${family}`, '*filter\n-A INPUT -j ACCEPT\nCOMMIT\n');
    await machine.file('active', 'caisson-firewall.service\n');
    for (const name of ['iptables', 'ip6tables'])
      await machine.program(`${name}-nft-save`, `echo '-A INPUT -j ACCEPT'`);
  });

  it('is well with rules of both families', async () => expect(await check('firewall')).toEqual([0, '']));

  it('is not while its unit is not active', async () => {
    await machine.file('active', '');
    expect(await check('firewall')).toEqual([1, 'caisson-firewall.service is not active']);
  });

  it.each([
    ['iptables', 'IPv4'],
    ['ip6tables', 'IPv6'],
  ])('is not without rules of %s', async (name, family) => {
    await machine.program(`${name}-nft-save`, `echo ':INPUT ACCEPT [0:0]'`);
    expect(await check('firewall')).toEqual([1, `there are no rules for ${family}`]);
  });
});

describe('overlays', () => {
  beforeEach(async () => {
    await moved('overlays', '/proc/mounts', machine.at('proc/mounts'));
    await mkdir(machine.at('up'), { recursive: true });
    const mounts = ['overlay /gone overlay ro,relatime 0 0', `overlay ${machine.at('up')} overlay rw,relatime 0 0`];
    await machine.file('proc/mounts', mounts.join('\n'));
  });

  it('is well when a file can be made, and leaves none', async () => {
    expect(await check('overlays')).toEqual([0, '']);
    expect(await machine.list('up')).toEqual([]);
  });

  it('is not, whatever the version, when one cannot be written', async () => {
    await machine.file('proc/mounts', 'overlay /dev/null overlay rw 0 0\n');
    expect(await check('overlays')).toEqual([3, '/dev/null cannot be written']);
  });

  it('is not when changes are kept in memory', async () => {
    await machine.file('run/caisson/volatile', '');
    expect(await check('overlays')).toEqual([3, 'the Data partition cannot be used, and changes are kept in memory']);
  });
});

describe('units', () => {
  const failed = async (...units: string[]): Promise<void> =>
    machine.file('failed', units.map(each => `${each} loaded failed failed of it\n`).join(''));

  it.each<[string, string[] | null, string[], (number | string)[]]>([
    ['none has failed', null, [], [0, '']],
    ['one has, and none ever had', null, ['a.service'], [3, 'failed: a.service']],
    ['those have that had before', ['b.service', 'a.service'], ['a.service'], [0, '']],
    ['one more has', ['a.service'], ['a.service', 'a.service2', 'c.mount'], [3, 'failed: a.service2 c.mount']],
  ])('%s', async (_, before, now, expected) => {
    await failed(...now);
    if (before !== null) await machine.file('var/lib/caisson/health/units', `${before.join('\n')}\n`);
    expect(await check('units')).toEqual(expected);
  });
});
