import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { splitAtDashes } from '../../pipeline/cli/machine.ts';
import { chosen, reachable, ssh } from '../../pipeline/commands/ssh.ts';
import { announce, type RunningMachine } from '../../pipeline/engine/machine/running.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { commandContext } from './context.ts';

const folder = scratchDirectory();
const machine = (name: string, own: Partial<RunningMachine> = {}): RunningMachine => ({
  pid: 7,
  began: '7',
  name,
  image: `/host/${name}.raw`,
  tree: '/trees/chest',
  user: 'keeper',
  port: 40_022,
  hostKeys: ['ssh-ed25519 AAAA'],
  state: 'ready',
  ...own,
});
const kelp = machine('kelp');
const buoy = machine('buoy');
const asked = { image: null, key: null, user: null, command: [], agent: null, term: null };

describe('which machine is meant', () => {
  test('the only one', () => expect(chosen([kelp], null)).toBe(kelp));
  test('by its name', () => expect(chosen([buoy, kelp], 'kelp')).toBe(kelp));
  test('by its file', () => expect(chosen([buoy, kelp], '/host/../host/kelp.raw')).toBe(kelp));

  test.each([
    ['nothing runs', [], null, 'no machine runs', 'start one in another terminal: caisson boot IMAGE'],
    ['not even that', [], 'wharf', 'no machine runs', 'start one in another terminal: caisson boot wharf'],
    [
      'another runs',
      [kelp],
      'wharf',
      'no machine of wharf runs; there are kelp (/host/kelp.raw)',
      'start one in another terminal: caisson boot wharf',
    ],
    [
      'several run',
      [buoy, kelp],
      null,
      '2 machines run: buoy (/host/buoy.raw), kelp (/host/kelp.raw)',
      'name one, by its name or its file: caisson ssh IMAGE',
    ],
  ])('%s', (_, machines, wanted, message, hint) => {
    expect(() => chosen(machines, wanted)).toThrow(expect.objectContaining({ name: 'UsageFault', message, hint }));
  });

  test('two of one name are told apart by their files', () => {
    const twin = machine('kelp', { image: '/other/kelp.raw' });
    expect(() => chosen([kelp, twin], 'kelp')).toThrow('2 machines run: kelp (/host/kelp.raw), kelp (/other/kelp.raw)');
    expect(chosen([kelp, twin], '/other/kelp.raw')).toBe(twin);
  });

  test('only those that are meant are counted and named', () => {
    const twin = machine('kelp', { image: '/other/kelp.raw' });
    expect(() => chosen([buoy, kelp, twin], 'kelp')).toThrow(
      /^2 machines run: kelp \(\/host\/kelp.raw\), kelp \(\/other\/kelp.raw\)$/,
    );
  });
});

describe('a machine', () => {
  test('is reached as the user that it declares, or as another', () => {
    expect(reachable(kelp, null)).toEqual({ port: 40_022, user: 'keeper' });
    expect(reachable(kelp, 'root')).toEqual({ port: 40_022, user: 'root' });
  });

  test.each([
    ['still boots', { state: 'booting' }, 'kelp is not ready yet'],
    ['lets nobody in', { state: 'closed' }, 'kelp lets nobody in over TCP, as its console says'],
    ['has no network', { port: null }, 'kelp runs without a network'],
    ['names no user', { user: null }, 'kelp does not say who may log in'],
  ] as const)('that %s is not reached', (_, own, message) => {
    expect(() => reachable(machine('kelp', own), null)).toThrow(
      expect.objectContaining({ name: 'UsageFault', message }),
    );
  });
});

describe('the key', () => {
  const announced = async (name: string) => {
    const context = commandContext(join(folder, name));
    mkdirSync(context.project);
    const image = join(context.project, 'reef.vhdx');
    const { pid: _pid, began: _began, ...told } = machine('reef', { image });
    await announce(context.environment, told);
    return { context, image };
  };

  test('that is named and absent is one clear error', async () => {
    const { context } = await announced('absent');
    await expect(ssh(context, { ...asked, key: '/no/such' })).rejects.toMatchObject({
      name: 'UsageFault',
      message: 'there is no key file /no/such',
      hint: 'name a private key: -i FILE',
    });
  });

  test('is looked for beside the image, and missed without an agent', async () => {
    const { context, image } = await announced('beside');
    await expect(ssh(context, asked)).rejects.toMatchObject({
      name: 'UsageFault',
      message: `there is no key to log in with: neither ${image}.key nor ${join(context.project, 'reef.key')}, nor an SSH agent`,
    });
  });
});

test('ssh runs on the terminal, knows the host by its console, and its exit code is the answer', async () => {
  const context = commandContext(join(folder, 'through'));
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  // In place of the sandbox: writes down what it is to run.
  const bwrap = String.raw`#!/bin/sh
printf '%s\n' "$@" >${programs}/argv; for each; do test -f "$each/known_hosts" && cp "$each/known_hosts" ${programs}; done; exit 7`;
  writeFileSync(join(programs, 'bwrap'), bwrap, { mode: 0o755 });
  mkdirSync(context.project);
  const image = join(context.project, 'reef.vhdx');
  writeFileSync(`${image}.key`, '');
  const { pid: _pid, began: _began, ...told } = machine('reef', { image });
  await announce(context.environment, told);
  const environment = { ...context.environment, path: `${programs}:/usr/bin:/bin` };
  const options = { ...asked, agent: '/run/agent', term: 'kelp-256', command: ['lamp', 'on'] };
  expect(await ssh({ ...context, environment }, options)).toEqual({ remote: 7 });
  const argv = readFileSync(join(programs, 'argv'), 'utf8').split('\n');
  expect(argv).not.toContain('--new-session');
  expect(argv.slice(-5)).toEqual(['keeper@127.0.0.1', '--', 'lamp', 'on', '']);
  const line = argv.join(' ');
  expect(line).toContain(`--ro-bind ${image}.key /mnt/key --bind /run/agent /mnt/agent `);
  expect(line).toContain('--setenv SSH_AUTH_SOCK /mnt/agent --setenv TERM kelp-256 ');
  expect(line).toContain(' -p 40022 ');
  expect(argv).toEqual(expect.arrayContaining(['IdentitiesOnly=yes', 'StrictHostKeyChecking=yes']));
  expect(readFileSync(join(programs, 'known_hosts'), 'utf8')).toBe('caisson-guest ssh-ed25519 AAAA\n');
});

describe('what stands before and behind --', () => {
  test.each([
    [
      ['eflow', 'ls', '-l'],
      ['node', 'cli', 'ssh', 'eflow', '--', 'ls', '-l'],
      { image: 'eflow', command: ['ls', '-l'] },
    ],
    [['ls'], ['node', 'cli', 'ssh', '--', 'ls'], { image: null, command: ['ls'] }],
    [['a', '--', 'b'], ['node', 'cli', 'ssh', '--', 'a', '--', 'b'], { image: null, command: ['a', '--', 'b'] }],
    [['eflow'], ['node', 'cli', 'ssh', 'eflow'], { image: 'eflow', command: [] }],
    [[], ['node', 'cli', 'ssh'], { image: null, command: [] }],
  ])('%j', (args, argv, expected) => expect(splitAtDashes(args, argv)).toEqual(expected));

  test('a command without -- is not taken for one', () => {
    expect(() => splitAtDashes(['eflow', 'ls', 'x'], ['node', 'cli', 'ssh', 'eflow', 'ls', 'x'])).toThrow(
      expect.objectContaining({
        message: '"ls" stands behind the image',
        hint: 'a command for the machine stands behind --: caisson ssh eflow -- ls x',
      }),
    );
  });
});
