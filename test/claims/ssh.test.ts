import { expect, test } from 'vitest';
import { parseAttempt } from '../../pipeline/claims/ssh-attempts.ts';
import { sshAlgorithms } from '../../pipeline/claims/ssh-algorithms.ts';
import { sshKeys } from '../../pipeline/claims/ssh-keys.ts';
import { sshNoPasswords } from '../../pipeline/claims/ssh-no-passwords.ts';
import { sshNoRoot } from '../../pipeline/claims/ssh-no-root.ts';
import { sshRateLimit } from '../../pipeline/claims/ssh-rate-limit.ts';
import type { SshAttempt } from '../../pipeline/engine/machine/guest-machine.ts';
import { outside, ran, subject } from './subject.ts';

const LOGGED_IN = ran({ stdout: 'caisson-prove-logged-in purser\n' });
const denied = (methods: string) =>
  ran({ exitCode: 255, stderr: `purser@192.0.2.9: Permission denied (${methods}).\r\n` });
const passed = (facts: { fits: boolean }[]): boolean => facts.every(each => each.fits);

test('what an attempt came to', () => {
  expect(parseAttempt(LOGGED_IN)).toEqual({ loggedIn: true, methods: [], said: '' });
  expect(parseAttempt(denied('publickey,password'))).toMatchObject({
    loggedIn: false,
    methods: ['publickey', 'password'],
  });
  expect(parseAttempt(ran({ exitCode: 255, stderr: 'ssh: connect: timed out\n' }))).toEqual({
    loggedIn: false,
    methods: [],
    said: 'ssh: connect: timed out',
  });
});

const answering = (answer: (attempt: SshAttempt) => ReturnType<typeof ran>) =>
  subject({ outside: outside({ ssh: async attempt => answer(attempt) }) });

test('keys: a server that takes any key fails', async () => {
  const good = answering(({ key }) => (key === '/keys/own' ? LOGGED_IN : denied('publickey')));
  expect(passed(await sshKeys.prove(good))).toBe(true);
  expect(passed(await sshKeys.prove(answering(() => LOGGED_IN)))).toBe(false);
  expect(passed(await sshKeys.prove(answering(() => denied('publickey'))))).toBe(false);
});

test('passwords: offering one, or saying nothing, fails', async () => {
  expect(passed(await sshNoPasswords.prove(answering(() => denied('publickey'))))).toBe(true);
  expect(passed(await sshNoPasswords.prove(answering(() => denied('publickey,keyboard-interactive'))))).toBe(false);
  expect(passed(await sshNoPasswords.prove(answering(() => ran({ exitCode: 255, stderr: 'timed out' }))))).toBe(false);
});

test('root: a connection that was never answered proves nothing', async () => {
  expect(passed(await sshNoRoot.prove(answering(() => denied('publickey'))))).toBe(true);
  expect(passed(await sshNoRoot.prove(answering(() => ran({ exitCode: 255, stderr: 'timed out' }))))).toBe(false);
});

test('algorithms: only the refusal to negotiate counts', async () => {
  const refusal = ran({
    exitCode: 255,
    stderr: 'Unable to negotiate with 192.0.2.9 port 22: no matching cipher found.\n',
  });
  expect(passed(await sshAlgorithms.prove(answering(() => refusal)))).toBe(true);
  expect(passed(await sshAlgorithms.prove(answering(() => denied('publickey'))))).toBe(false);
});

test('nowhere to stand: not tried', async () => {
  await expect(sshKeys.prove(subject({}))).rejects.toMatchObject({ name: 'Untried', message: 'no tun here' });
});

const key = (source: string, by64: boolean): string =>
  by64 && source.includes(':') ? (source.split('::')[0] ?? '') : source;
/** Lets `connections` in per key; `by64` tells IPv6 by network. */
const limited = ({ connections, by64 }: { connections: number; by64: boolean }) => {
  const seen = new Map<string, number>();
  return outside({
    tcp: async ({ source }) => {
      const name = key(source, by64);
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      return count <= connections ? 'open' : 'no answer';
    },
  });
};
const long = (own: ReturnType<typeof subject>) => {
  const { firewall } = own.declaration;
  if (firewall === null) throw new Error('the declaration has a firewall');
  const ssh = { ...firewall.ssh, limit: { connections: 2, seconds: 3600 } };
  return { ...own, declaration: { ...own.declaration, firewall: { ...firewall, ssh } } };
};

test.each([
  [{ connections: 2, by64: true }, []],
  [{ connections: 3, by64: true }, ['IPv4: number 3 ACCEPTED', 'IPv6: number 3 ACCEPTED']],
  [{ connections: 1, by64: true }, ['IPv4: 1 of 2 connections accepted', 'IPv6: 1 of 2 connections accepted']],
  [{ connections: 2, by64: false }, ['meanwhile an address of the same /64 gets in']],
])('rate limit: a firewall that does %o', async (how, wrong) => {
  const facts = await sshRateLimit.prove(long(subject({ outside: limited(how) })));
  expect(facts.filter(each => !each.fits).map(each => each.text)).toEqual(wrong);
});
