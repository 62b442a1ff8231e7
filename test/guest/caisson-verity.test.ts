/** `caisson verity` in the guest, with programs that only note how they were called. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (name: string): string => path.join(folder, name);
const program = async (name: string, script: string): Promise<void> =>
  writeFile(at(name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

async function caisson(verifiedBoot: string, uid: number, args: readonly string[], cmdline = 'quiet caisson.slot=Q') {
  await mkdir(at('bin'), { recursive: true });
  await program('bin/id', `echo ${uid}`);
  await program('grubenv', `echo "$*" >>'${at('calls')}'; [ "$1" = set ] || printf 'ORDER=Q P\\nVERITY=off\\n'`);
  await writeFile(at('calls'), '');
  await writeFile(at('cmdline'), `${cmdline}\n`);
  await writeFile(at('guest.conf'), `verified_boot=${verifiedBoot}\n`);
  const script = (await readFile('overlays/guest/usr/sbin/caisson', 'utf8'))
    .replaceAll('/usr/lib/caisson/', `${folder}/`)
    .replaceAll('/proc/cmdline', at('cmdline'));
  await writeFile(at('caisson'), script);
  const env = { PATH: `${at('bin')}:/usr/bin:/bin` };
  const { exitCode, stdout, stderr } = await execa('sh', [at('caisson'), 'verity', ...args], { env, reject: false });
  return { exitCode, stdout, stderr, calls: (await readFile(at('calls'), 'utf8')).split('\n').filter(Boolean) };
}

it.each(['on', 'off'])('verity %s is refused where the image enforces it, and nothing is written', async to => {
  expect(await caisson('enforced', 0, [to])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'caisson: this image enforces it: no state and no command switches it off',
    calls: [],
  });
});

it.each(['on', 'off'])('verity %s is written where it can be switched', async to => {
  expect(await caisson('switchable', 0, [to])).toMatchObject({ exitCode: 0, calls: [`set VERITY=${to}`, 'get'] });
});

it('a state that says off counts only where it can be switched', async () => {
  expect((await caisson('enforced', 0, ['status'])).stdout).toBe('now: on\nat the next boot: on');
  expect((await caisson('switchable', 0, [])).stdout).toBe('now: on\nat the next boot: off');
});

it('a word of the command line counts only where it can be switched', async () => {
  const words = 'quiet caisson.verity=off caisson.slot=Q';
  expect((await caisson('enforced', 0, ['status'], words)).stdout).toBe('now: on\nat the next boot: on');
  expect((await caisson('switchable', 0, ['status'], words)).stdout).toBe('now: off\nat the next boot: off');
});

it.each(['on', 'off', 'status'])('verity %s is root’s', async word => {
  const { exitCode, stderr, calls } = await caisson('switchable', 4321, [word]);
  expect([exitCode, calls]).toEqual([2, []]);
  expect(stderr).toMatch(/^caisson: only root .*; use sudo$/);
});

it('another word is refused', async () =>
  expect(await caisson('switchable', 0, ['maybe'])).toMatchObject({ exitCode: 2, calls: [] }));
