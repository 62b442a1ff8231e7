import { describe, expect, test } from 'vitest';
import { cleanLine, hostKeyOf, milestoneOf, readyOf } from '../../../pipeline/engine/machine/console-lines.ts';

const field = (bytes: Buffer | string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, Buffer.from(bytes)]);
};
const blob = (type: string): string => Buffer.concat([field(type), field(Buffer.alloc(32, 0xa7))]).toString('base64');
const ED = `ssh-ed25519 ${blob('ssh-ed25519')}`;
const EC = `ecdsa-sha2-nistp256 ${blob('ecdsa-sha2-nistp256')}`;

describe('cleanLine', () => {
  test.each([
    ['\u001B[0;32m  OK  \u001B[0m] Started \u001B[0;1;39mkelp\u001B[0m.', '  OK  ] Started kelp.'],
    ['\u001B[2J\u001B[01;01H\u001B[=3hBdsDxe: starting', 'BdsDxe: starting'],
    ['\u001B]0;a title\u0007text', 'text'],
    ['\u001B]0;a title\u001B\\text', 'text'],
    ['\u001Bcreset', 'reset'],
    ['\u001B(Bplain', 'plain'],
    ['bell\u0007 back\b del\u007F c1\u0085', 'bell back del c1'],
    ['tab\tand ümlaut', 'tab\tand ümlaut'],
    ['', ''],
  ])('%j', (raw, clean) => expect(cleanLine(raw)).toBe(clean));
});

describe('hostKeyOf', () => {
  test.each([
    ['alone', `caisson: host key ${ED}`, ED],
    ['another type', `caisson: host key ${EC}`, EC],
    ['behind a time of the kernel', `[    7.112233] caisson: host key ${ED}`, ED],
    ['behind a login prompt', `buoy login: caisson: host key ${ED}`, ED],
    ['with more behind it', `caisson: host key ${ED} root@buoy`, ED],
  ])('%s', (_, line, key) => expect(hostKeyOf(line)).toBe(key));

  test.each([
    ['cut short', `caisson: host key ${ED.slice(0, -12)}`],
    ['with noise in it', `caisson: host key ${ED.slice(0, 40)}[  OK  ]${ED.slice(40)}`],
    ['of another type than it says', `caisson: host key ssh-rsa ${blob('ssh-ed25519')}`],
    ['without its second field', `caisson: host key ssh-ed25519 ${field('ssh-ed25519').toString('base64')}`],
    ['empty', 'caisson: host key ssh-ed25519 '],
    ['of somebody else', `kelp: host key ${ED}`],
    ['a fingerprint', 'caisson: host key fingerprint SHA256:AAAA'],
  ])('%s: none', (_, line) => expect(hostKeyOf(line)).toBe(null));
});

describe('readyOf', () => {
  const head = { hostname: 'buoy-7', image: 'kelp', version: '3.1', slot: 'B' };

  test('over TCP', () =>
    expect(readyOf('caisson: ready: buoy-7 kelp 3.1 slot B, ssh keeper@192.0.2.7 port 2022 (tcp)')).toEqual({
      ...head,
      login: { user: 'keeper', address: '192.0.2.7', port: 2022 },
    }));

  test('at an IPv6 address, with noise before it', () =>
    expect(readyOf('[  OK  ] x caisson: ready: buoy-7 kelp 3.1 slot B, ssh keeper@2001:db8::7 port 22 (tcp)')).toEqual({
      ...head,
      login: { user: 'keeper', address: '2001:db8::7', port: 22 },
    }));

  test('of a machine whose layout has no letters', () =>
    expect(readyOf('caisson: ready: buoy-7 kelp 3.1 slot only, ssh keeper@192.0.2.7 port 22 (tcp)')).toEqual({
      ...head,
      slot: 'only',
      login: { user: 'keeper', address: '192.0.2.7', port: 22 },
    }));

  test('over vsock', () =>
    expect(readyOf('caisson: ready: buoy-7 kelp 3.1 slot B, ssh keeper over vsock port 22')).toEqual({
      ...head,
      login: { user: 'keeper', vsock: true },
    }));

  test('with nobody to log in', () =>
    expect(readyOf('caisson: ready: buoy-7 kelp 3.1 slot B, nobody can log in: no key was provisioned')).toEqual({
      ...head,
      login: null,
    }));

  test.each(['caisson: slot A, root /dev/sda3', 'ready: a b c slot A, x', 'caisson: ready', 'buoy login: '])(
    'not %j',
    line => expect(readyOf(line)).toBe(null),
  );
});

describe('milestoneOf', () => {
  test.each([
    ['[    0.250000] Linux version 6.12', { reached: 'kernel', age: 0.25 }],
    ['[   12.500000] caisson: slot B, root /dev/sda6', { reached: 'kernel', age: 12.5 }],
    ['caisson: slot B, root /dev/sda6', { reached: 'kernel', age: 0 }],
    ['[    6.500000] systemd[1]: systemd 257 running in system mode', { reached: 'init', age: 0 }],
    ['Welcome to Debian GNU/Linux 13 (trixie)!', { reached: 'init', age: 0 }],
  ])('%j', (line, milestone) => expect(milestoneOf(line)).toEqual(milestone));

  // The selector says it, before there is a kernel.
  test.each(['caisson: slot A', '[  OK  ] Started kelp', 'BdsDxe: starting Boot0001', ''])('%j: none', line =>
    expect(milestoneOf(line)).toBe(null),
  );
});
