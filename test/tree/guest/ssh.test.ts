import { describe, expect, test } from 'vitest';
import { sshFiles, sshUnits } from '../../../pipeline/tree/guest/ssh.ts';

const ssh = { user: 'bosun', sudo: 'nopasswd', transport: 'both' } as const;

describe('sshFiles', () => {
  const config = sshFiles(ssh)['/etc/ssh/sshd_config']?.text ?? '';
  /** sshd takes the first value of a keyword. */
  const value = (keyword: string): string | undefined => new RegExp(`^${keyword} (.*)$`, 'm').exec(config)?.[1];

  test.each([
    ['AllowUsers', 'bosun'],
    ['AuthenticationMethods', 'publickey'],
    ['PasswordAuthentication', 'no'],
    ['KbdInteractiveAuthentication', 'no'],
    ['PermitRootLogin', 'no'],
    ['PermitEmptyPasswords', 'no'],
    ['RequiredRSASize', '3072'],
  ])('%s %s', (keyword, wanted) => expect(value(keyword)).toBe(wanted));

  test('no keyword twice but HostKey: the second would be ignored', () => {
    const keywords = [...config.matchAll(/^(\w+) /gm)].map(([, keyword]) => keyword).filter(each => each !== 'HostKey');
    expect(new Set(keywords).size).toBe(keywords.length);
  });

  test.each([
    'ssh-ed25519',
    'sk-ssh-ed25519@openssh.com',
    'ecdsa-sha2-nistp256',
    'sk-ecdsa-sha2-nistp256@openssh.com',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
  ])('%s opens, by itself and by a certificate: provisioning takes such keys', type => {
    const certificate = `${type.replace('@openssh.com', '')}-cert-v01@openssh.com`;
    expect(value('PubkeyAcceptedAlgorithms')?.split(',')).toEqual(expect.arrayContaining([type, certificate]));
    expect(value('CASignatureAlgorithms')?.split(',')).toContain(type);
  });

  test.each([
    'KexAlgorithms',
    'Ciphers',
    'MACs',
    'HostKeyAlgorithms',
    'PubkeyAcceptedAlgorithms',
    'CASignatureAlgorithms',
  ])('%s has nothing old', keyword =>
    expect(value(keyword)).not.toMatch(/sha1|-cbc|3des|arcfour|group1|ssh-rsa|ssh-dss|umac-64|hmac-md5/),
  );

  test('sudo without a password, or not at all; readable by root alone', () => {
    const granted = sshFiles(ssh)['/etc/sudoers.d/caisson'];
    expect(granted?.text).toMatch(/^bosun ALL=\(ALL:ALL\) NOPASSWD: ALL$/m);
    expect(granted?.mode).toBe(0o440);
    expect(sshFiles({ ...ssh, sudo: 'none' })['/etc/sudoers.d/caisson']?.text).not.toMatch(/^[^#]/m);
  });
});

test.each([
  ['tcp', ['ssh.service'], ['caisson-ssh-vsock.socket']],
  ['vsock', ['caisson-ssh-vsock.socket'], ['ssh.service']],
  ['both', ['ssh.service', 'caisson-ssh-vsock.socket'], []],
] as const)('%s starts %j and masks %j', (transport, enable, mask) =>
  expect(sshUnits({ ...ssh, transport })).toEqual({ enable, mask }),
);
