/** `caisson overlay-report` and `settle`, on folders that stand for a running machine. */
import { mkdir, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (...names: string[]): string => path.join(folder, ...names);
const UPPER = 'var/.st/opt-a%2db/upper';
const KEPT = 'run/caisson/store/.caisson';

async function file(name: string, time: number, text = name): Promise<void> {
  await mkdir(path.dirname(at(name)), { recursive: true });
  await writeFile(at(name), text);
  await utimes(at(name), time, time);
}

/** A script of the guest, with every folder that it knows in ours. */
async function run(name: string, ...args: string[]) {
  const text = (await readFile(path.join('overlays/guest', name), 'utf8'))
    .replaceAll('/run/caisson', at('run/caisson'))
    .replaceAll('/var$', at('var$'))
    .replaceAll(/\/usr\/lib\/(?=caisson|os-release)/g, at('lib/'))
    .replaceAll('/proc/mounts', at('mounts'));
  await writeFile(at('script'), text);
  const env = { PATH: `${at('bin')}:/usr/sbin:/usr/bin:/sbin:/bin` };
  const { exitCode, stdout, stderr } = await execa('sh', [at('script'), ...args], { env, reject: false });
  return { exitCode, lines: stdout.split('\n'), stderr };
}

beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await file('bin/id', 1, '#!/bin/sh\necho 0\n').then(() => execa('chmod', ['+x', at('bin/id')]));
  await file('mounts', 1, 'overlay /opt/a-b overlay rw 0 0\next4 /opt/reef ext4 rw 0 0\n');
  await mkdir(at('run/caisson/store'), { recursive: true });
  await mkdir(at(UPPER), { recursive: true });
});

describe('caisson overlay-report', () => {
  const policies =
    '/opt/a-b/reef.d/keep.d/x/y|take-new /opt/a-b/reef.d/keep.d|keep /opt/a-b/reef.d|take-new /opt/a-b/re|keep';
  const report = async (...args: string[]): Promise<string[]> => {
    await file('lib/caisson/guest.conf', 1, `overlay_store=/.st\noverlay_policies='${policies}'\n`);
    const { exitCode, lines, stderr } = await run('usr/sbin/caisson', 'overlay-report', ...args);
    expect([exitCode, stderr]).toEqual([0, '']);
    return lines.toSorted();
  };

  it('says what the layout says of each file that hides a newer one', async () => {
    const names = ['plain', 'reef.d/a', 'reef.d/keep.d/b', 'reef.d/keep.d/x/y', 'reef.dd'];
    for (const each of names) {
      await file(`run/caisson/root/opt/a-b/${each}`, 2000);
      await file(`${UPPER}/${each}`, 1000);
    }
    expect(await report()).toEqual([
      'changed here: /opt/a-b/plain (keep)',
      'changed here: /opt/a-b/reef.d/a (take-new)',
      'changed here: /opt/a-b/reef.d/keep.d/b (keep)',
      'changed here: /opt/a-b/reef.d/keep.d/x/y (take-new)',
      'changed here: /opt/a-b/reef.dd (keep)',
    ]);
  });

  it('leaves out who the machine is, and nothing else', async () => {
    await file('mounts', 1, 'overlay /etc overlay rw 0 0\n');
    for (const each of ['machine-id', 'hostname', 'hostname.d/hostname']) {
      await file(`run/caisson/root/etc/${each}`, 2000);
      await file(`var/.st/etc/upper/${each}`, 1000);
    }
    expect(await report('--all')).toEqual(['changed here: /etc/hostname.d/hostname (keep)']);
  });

  it('looks at the time of a link itself', async () => {
    await file('run/caisson/root/opt/a-b/reef.d/a', 2000);
    await mkdir(at(UPPER, 'reef.d'));
    await symlink(at('mounts'), at(UPPER, 'reef.d/a'));
    expect(await report()).toEqual(['nothing is hidden']);
    expect(await report('--all')).toEqual(['changed here: /opt/a-b/reef.d/a (take-new)']);
  });

  it('says what was set aside, and where it is now', async () => {
    await file(`${KEPT}/on-trial/8.0/opt-a%2db/reef.d/a b`, 1000);
    await file(`${KEPT}/set-aside/7.1~2/c%25-d/e`, 1000);
    await mkdir(at(`${KEPT}/set-aside/7.1/etc/empty`), { recursive: true });
    expect(await report()).toEqual([
      'nothing is hidden',
      `set aside at 7.1~2: /c%/d/e, now ${at(KEPT)}/set-aside/7.1~2/c%25-d/e (remove it when nobody needs it)`,
      `set aside at 8.0: /opt/a-b/reef.d/a b, now ${at(KEPT)}/on-trial/8.0/opt-a%2db/reef.d/a b (put back if this update is undone)`,
    ]);
  });
});

describe('settle', () => {
  const settle = async () => {
    await file('lib/os-release', 1, 'ID=debian\nIMAGE_VERSION=7.0\nIMAGE_VERSION=8.0\n');
    return run('usr/lib/caisson/settle');
  };

  it.each([null, '', '7.1\n', '8.0'])('notes the version that runs in place of %j', async before => {
    await mkdir(at(KEPT));
    if (before !== null) await file(`${KEPT}/settled`, 1, before);
    // Left by one that was cut.
    await file(`${KEPT}/settled.Ab12Cd`, 1, '7.0');
    for (let times = 0; times < 2; times++) {
      expect(await settle()).toEqual({ exitCode: 0, lines: [''], stderr: '' });
      expect((await readFile(at(KEPT, 'settled'), 'utf8')).trim()).toBe('8.0');
    }
    if (before !== '8.0') expect(await readdir(at(KEPT))).toEqual(['settled']);
  });

  it('makes the folder where there is none, for root alone', async () => {
    expect((await settle()).exitCode).toBe(0);
    expect(await readFile(at(KEPT, 'settled'), 'utf8')).toBe('8.0\n');
    expect((await execa('stat', ['-c', '%a', at(KEPT)])).stdout).toBe('700');
  });

  it('writes through no link', async () => {
    await mkdir(at('out'));
    await file('out/settled', 1, 'out');
    await mkdir(at(KEPT));
    await symlink('../../../../out/settled', at(KEPT, 'settled'));
    expect((await settle()).exitCode).toBe(0);
    expect(await readFile(at('out/settled'), 'utf8')).toBe('out');
    await rm(at(KEPT), { recursive: true });
    await symlink('../../../out', at(KEPT));
    const { exitCode, stderr } = await settle();
    expect([exitCode, await readdir(at('out'))]).toEqual([1, ['settled']]);
    expect(stderr).toMatch(/is a link, which Caisson never makes: remove it$/);
  });

  it('notes nothing where changes are in memory, or not kept', async () => {
    await file('run/caisson/volatile', 1, '');
    expect((await settle()).exitCode).toBe(0);
    expect(await readdir(at('run/caisson/store'))).toEqual([]);
    await rm(at('run/caisson'), { recursive: true });
    expect((await settle()).exitCode).toBe(0);
    expect(await readdir(at('run'))).toEqual([]);
  });
});
