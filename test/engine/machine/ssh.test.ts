import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { knownHosts, masterArgv, ROOT_SHELL, sshArgv, throughArgv } from '../../../pipeline/engine/machine/ssh.ts';

const TARGET = { user: 'keeper', address: '192.0.2.7', port: 2022, source: '192.0.2.3' };
const options = (argv: readonly string[]): string[] => argv.filter((_, index) => argv[index - 1] === '-o');

describe('a connection', () => {
  const argv = sshArgv(TARGET, { key: true, certificate: true, extra: ['-o', 'IdentitiesOnly=no'] });

  test('goes where it is told, from where it is told', () => {
    expect(argv.slice(0, 3)).toEqual(['ssh', '-o', 'IdentitiesOnly=no']);
    expect(argv.join(' ')).toContain(' -F none -p 2022 -b 192.0.2.3 ');
    expect(argv.at(-1)).toBe('keeper@192.0.2.7');
    expect(sshArgv({ ...TARGET, source: null }, { key: true, certificate: false, extra: [] })).not.toContain('-b');
  });

  test('trusts the keys of the console alone', () => {
    expect(options(argv)).toEqual(
      expect.arrayContaining([
        'StrictHostKeyChecking=yes',
        'UserKnownHostsFile=/mnt/work/known_hosts',
        'GlobalKnownHostsFile=none',
        'HostKeyAlias=caisson-guest',
      ]),
    );
    expect(knownHosts(['ssh-ed25519 AAAA', 'ecdsa-sha2-nistp256 BBBB'])).toBe(
      'caisson-guest ssh-ed25519 AAAA\ncaisson-guest ecdsa-sha2-nistp256 BBBB\n',
    );
  });

  test('offers the key it is given, or none', () => {
    expect(options(argv)).toEqual(
      expect.arrayContaining(['IdentityFile=/mnt/key', 'CertificateFile=/mnt/certificate', 'IdentitiesOnly=yes']),
    );
    const none = options(sshArgv(TARGET, { key: false, certificate: false, extra: [] }));
    expect(none).toContain('IdentityFile=none');
    expect(none.join(' ')).not.toContain('CertificateFile');
  });
});

test('the one that others go through asks nobody anything and uses no agent', () => {
  const argv = masterArgv(TARGET, 'mooring');
  expect(argv.join(' ')).toContain(' -M -S /mnt/work/mooring ');
  expect(options(argv)).toEqual(expect.arrayContaining(['BatchMode=yes', 'IdentityAgent=none', 'ControlPersist=no']));
});

test('a command goes through it or not at all', () => {
  const argv = throughArgv(TARGET, 'mooring', ['-O', 'check', 'lamp on']);
  expect(options(argv)).toContain('ProxyCommand=false');
  expect(argv.slice(-4)).toEqual(['-O', 'check', 'keeper@192.0.2.7', 'lamp on']);
});

describe('the shell for scripts', () => {
  // As sshd runs it, but for sudo.
  const run = (script: string): { code: number; stdout: string } => {
    const command = ROOT_SHELL.replace(/^sudo -n /, '');
    try {
      return { code: 0, stdout: execFileSync('sh', ['-c', command], { input: script, encoding: 'utf8' }) };
    } catch (error) {
      const { status, stdout } = error as { status: number; stdout: string };
      return { code: status, stdout };
    }
  };

  test('runs as root', () => expect(ROOT_SHELL).toMatch(/^sudo -n sh -c /));
  test('gives the exit code of the script', () =>
    expect(run('echo one; exit 7')).toEqual({ code: 7, stdout: 'one\n' }));
  test('no program of a script swallows the rest', () =>
    expect(run('cat\nread -r line\necho "got <$line>"\n')).toEqual({ code: 0, stdout: 'got <>\n' }));
  test('quotes, dollars and backslashes stay as they are', () =>
    expect(run(String.raw`x='a "b" $c \n'; printf '%s' "$x"`).stdout).toBe(String.raw`a "b" $c \n`));
});
