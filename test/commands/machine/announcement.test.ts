import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { changeBy, withAnnouncement } from '../../../pipeline/commands/machine/announcement.ts';
import { runningMachines } from '../../../pipeline/engine/machine/running.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();
const KEY = `ssh-ed25519 ${Buffer.from('\0\0\0\u000bssh-ed25519\0\0\0\u0004kelp').toString('base64')}`;
const READY = 'caisson: ready: buoy-7 kelp 3.1 slot B, ssh keeper@192.0.2.7 port 22 (tcp)';
const fresh = { state: 'booting', hostKeys: [], user: 'warden' } as const;

describe('a line of the console', () => {
  test.each([
    ['a host key', `caisson: host key ${KEY}`, fresh, { hostKeys: [KEY] }],
    ['the same again', `caisson: host key ${KEY}`, { ...fresh, hostKeys: [KEY] }, null],
    ['ready', READY, fresh, { state: 'ready', user: 'warden' }],
    ['ready, with a user where none is declared', READY, { ...fresh, user: null }, { state: 'ready', user: 'keeper' }],
    [
      'ready for nobody',
      'caisson: ready: buoy-7 kelp 3.1 slot B, nobody can log in: no key was provisioned',
      fresh,
      { state: 'closed', user: 'warden' },
    ],
    [
      'ready over vsock',
      'caisson: ready: buoy-7 kelp 3.1 slot B, ssh keeper over vsock port 22',
      fresh,
      { state: 'closed', user: 'warden' },
    ],
    [
      'of the kernel, when it was ready: it boots again, and tells its keys again',
      '[    2.500000] caisson: slot B, root /dev/sda6',
      { ...fresh, state: 'ready', hostKeys: [KEY] },
      { state: 'booting', hostKeys: [] },
    ],
    ['of the kernel, before', '[    2.500000] caisson: slot B, root /dev/sda6', fresh, null],
    ['of anybody else', 'buoy-7 login: ', { ...fresh, state: 'ready' }, null],
  ] as const)('%s', (_, line, seen, change) => expect(changeBy(line, seen)).toEqual(change));
});

test('a machine is told of as long as it runs, with what its console says', async () => {
  const environment = { cache: join(folder, 'cache') };
  const console = join(folder, 'console.log');
  const running = { image: '/host/reef.vhdx', tree: '/trees/chest', user: null, port: 40_022 };
  await withAnnouncement(environment, { running, console }, async () => {
    const told = async () => (await runningMachines(environment))[0];
    expect(await told()).toMatchObject({ ...running, name: 'reef', state: 'booting', hostKeys: [] });
    appendFileSync(console, `\u001B[1mnoise\u001B[0m\r\ncaisson: host key ${KEY}\r\n${READY}\r\n`);
    await expect
      .poll(told, { interval: 20, timeout: 5000 })
      .toMatchObject({ state: 'ready', hostKeys: [KEY], user: 'keeper' });
  });
  expect(await runningMachines(environment)).toEqual([]);
});

test('nothing is left of one that failed', async () => {
  const environment = { cache: join(folder, 'other-cache') };
  const running = { image: '/host/reef.vhdx', tree: '/trees/chest', user: null, port: null };
  const fault = new Error('sank');
  await expect(
    withAnnouncement(environment, { running, console: join(folder, 'none') }, () => Promise.reject(fault)),
  ).rejects.toBe(fault);
  expect(await runningMachines(environment)).toEqual([]);
});
