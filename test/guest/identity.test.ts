/** What a deployment takes from the seed on its Data, on a folder that stands for the machine. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, type Machine } from './machine.ts';

const folder = scratchDirectory();
let machine: Machine;

beforeEach(async () => {
  for (const each of ['usr', 'etc', 'var', 'run', 'dev', 'bin'])
    await rm(`${folder}/${each}`, { recursive: true, force: true });
  machine = await machineIn(folder, ['identity'], {});
  const script = machine.at('usr/lib/caisson/identity');
  await writeFile(script, (await readFile(script, 'utf8')).replaceAll('put /etc ', `put ${folder}/etc `));
  await mkdir(machine.at('sys/class/block/reef0'), { recursive: true });
  await machine.program('ssh-keygen', ':');
  await machine.file('etc/hostname', 'localhost\n');
  await machine.file('etc/machine-id', '');
  await machine.file('proc/sys/kernel/hostname', 'localhost\n');
  await machine.file('run/caisson/store/.caisson/seed/hostname', 'pier-9.example\n');
});

const told = async (): Promise<string[]> =>
  (await machine.read('dev/console')).split('\n').filter(line => line.startsWith('caisson: '));

it('a seed is taken once', async () => {
  expect((await machine.run('identity')).exitCode).toBe(0);
  expect(await machine.read('var/lib/caisson/identity/hostname')).toBe('pier-9.example\n');
  expect(await machine.read('etc/hostname')).toBe('pier-9.example\n');
  expect(await machine.read('proc/sys/kernel/hostname')).toBe('pier-9.example\n');
  expect(await told()).toEqual(['caisson: hostname taken from the seed on Data']);
  await machine.run('identity');
  expect(await told()).toHaveLength(1);
});

it.each(['pier 9', 'pier-9.example\nother', '-pier'])('a host name that is none is left out: %j', async name => {
  await machine.file('run/caisson/store/.caisson/seed/hostname', `${name}\n`);
  await machine.run('identity');
  expect(await told()).toEqual([
    'caisson: WARNING: hostname of the seed on Data is not what it should be, and is left out',
  ]);
  expect(await machine.list('var/lib/caisson/identity')).not.toContain('hostname');
});

it('a copy is kept beside Data, and taken when Data cannot be read', async () => {
  await mkdir(machine.at('run/caisson/spare'), { recursive: true });
  await machine.run('identity');
  expect(await machine.list('run/caisson/spare/.caisson/identity')).toContain('hostname');
  await machine.file('run/caisson/volatile', '');
  await rm(machine.at('var/lib/caisson/identity'), { recursive: true });
  await rm(machine.at('run/caisson/store'), { recursive: true });
  await machine.run('identity');
  expect(await machine.read('var/lib/caisson/identity/hostname')).toBe('pier-9.example\n');
  expect((await told()).at(-1)).toBe('caisson: who may log in is taken from the copy beside Data');
});

it('what cannot be kept is told, and taken at the next boot', async () => {
  await machine.program('cp', 'echo "cp: No space left on device" >&2; exit 1');
  await machine.run('identity');
  expect(await told()).toEqual([
    'caisson: WARNING: what the seed on Data brings cannot be kept, and is tried again at the next boot',
  ]);
  await rm(machine.at('bin/cp'));
  await machine.run('identity');
  expect(await machine.read('var/lib/caisson/identity/hostname')).toBe('pier-9.example\n');
});
