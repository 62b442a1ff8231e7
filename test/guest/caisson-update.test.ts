/** `caisson update`, `health` and `status` in the guest, with a RAUC that does as a test says. */
import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, type Machine } from './machine.ts';

const folder = scratchDirectory();
let machine: Machine;

beforeEach(async () => {
  machine = await machineIn(folder, ['update', 'post-install'], { slot_contents: 'hull deck' });
  await machine.program('rauc', `echo "$*" >>${folder}/calls; . ${folder}/answer`);
  await machine.file('calls', '');
  await machine.file('answer', 'exit 0');
  await machine.file('old.raucb', 'bundle');
  for (const name of ['selector-update', 'rauc-boot'])
    await writeFile(machine.at(`usr/lib/caisson/${name}`), `#!/bin/sh\n. ${folder}/${name}\n`, { mode: 0o755 });
  await machine.file(
    'rauc-boot',
    `case $1 in set-state) echo "$*" >>${folder}/calls ;; trial) echo P ;; *) echo P ;; esac`,
  );
});

const calls = async (): Promise<string[]> => (await machine.read('calls')).split('\n').filter(Boolean);

describe('update', () => {
  it.each(['https://quay.example/a/b.raucb', `${folder}/old.raucb`])('has RAUC install %s', async source => {
    expect(await machine.run('update', [source])).toEqual({
      exitCode: 0,
      stdout: 'caisson: installed in slot P; reboot to try it',
      stderr: '',
    });
    expect(await calls()).toEqual([`install ${source}`]);
  });

  it('tells what the handler said', async () => {
    await machine.file('answer', `echo 'too old' >${folder}/run/caisson/update-refused; exit 1`);
    const { exitCode, stderr } = await machine.run('update', [`${folder}/old.raucb`]);
    expect([exitCode, stderr]).toEqual([
      1,
      'caisson: refused: too old\ncaisson: nothing was installed; the version that runs stays',
    ]);
  });

  it('says nothing of an earlier bundle', async () => {
    await machine.file('run/caisson/update-refused', 'too old\n');
    await machine.file('answer', 'exit 1');
    expect((await machine.run('update', [`${folder}/old.raucb`])).stderr).not.toContain('too old');
  });

  it.each([
    ['https://quay.example/a/b.raucb', 'https://quay.example/a/all.raucb'],
    [`${folder}/old.raucb`, `${folder}/all.raucb`],
  ])('takes the full bundle beside %s where the differences are of another base', async (source, full) => {
    const refusal = `case $2 in *all.raucb) exit 0 ;; esac\necho ../../all.raucb >${folder}/run/caisson/update-full\nexit 1`;
    await machine.file('answer', refusal);
    expect((await machine.run('update', [source])).exitCode).toBe(0);
    expect(await calls()).toEqual([`install ${source}`, `install ${full}`]);
  });

  it.each(['http://quay.example/b.raucb', 'ftp://quay.example/b', '/gone.raucb', '', folder, 'https://'])(
    'asks RAUC for nothing with "%s"',
    async source => {
      expect((await machine.run('update', [source])).exitCode).toBe(2);
      expect(await calls()).toEqual([]);
    },
  );

  it('is refused where the image takes none', async () => {
    await machine.file('usr/lib/caisson/guest.conf', "slot_contents=''\n");
    expect((await machine.run('update', [`${folder}/old.raucb`])).stderr).toBe('caisson: this image takes no updates');
  });
});

describe('post-install', () => {
  const environment = {
    RAUC_BUNDLE_MOUNT_POINT: '/mnt/b',
    RAUC_META_CAISSON_VERSION: '7.10',
    RAUC_META_CAISSON_SELECTOR: 's.img',
    RAUC_META_CAISSON_SELECTOR_SHA256: 'ab77',
  };

  it('notes what is on trial, forgets the last failure, and updates the selector', async () => {
    await machine.file('var/lib/caisson/health/failed', 'version 7.9\n');
    await machine.file('selector-update', `echo "selector $*" >>${folder}/calls`);
    expect(await machine.run('post-install', [], environment)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await calls()).toEqual(['selector /mnt/b/s.img ab77']);
    expect(await machine.list('var/lib/caisson/health')).toEqual(['trial']);
    expect(await machine.read('var/lib/caisson/health/trial')).toBe('7.10\n');
  });

  it('leaves the selector alone when the bundle brings none', async () => {
    await machine.file('selector-update', `echo "selector $*" >>${folder}/calls`);
    await machine.run('post-install', [], { ...environment, RAUC_META_CAISSON_SELECTOR: '' });
    expect(await calls()).toEqual([]);
  });

  it('takes the slot back when the selector cannot be written', async () => {
    await machine.file('selector-update', 'exit 1');
    expect((await machine.run('post-install', [], environment)).exitCode).toBe(1);
    expect(await calls()).toEqual(['set-state P bad']);
    expect(await machine.read('run/caisson/update-refused')).toContain('the selector cannot be written');
  });
});

describe('caisson', () => {
  async function caisson(...args: string[]) {
    const script = await readFile('overlays/guest/usr/sbin/caisson', 'utf8');
    const paths = ['/usr/lib/caisson/', '/usr/lib/os-release', '/run/caisson/', '/var/lib/caisson/'];
    await machine.file(
      'caisson',
      paths.reduce((text, each) => text.replaceAll(each, `${folder}${each}`), script),
    );
    const env = { PATH: `${machine.at('bin')}:/usr/bin:/bin` };
    const { exitCode, stdout } = await execa('sh', [machine.at('caisson'), ...args], { env, reject: false });
    return [exitCode, stdout];
  }
  const FAILED = 'version 7.10 in slot P failed: reef';

  beforeEach(async () => {
    await machine.program('id', 'echo 0');
    await machine.program('systemctl', 'exit 0');
    await machine.program('sleep', `echo good >/run/caisson/health/state`);
    await machine.file('usr/lib/os-release', 'IMAGE_VERSION=7.9.3\n');
    await machine.file('run/caisson/slot', 'Q\n');
    await machine.file('run/caisson/health/state', 'good\n');
    await machine.file('var/lib/caisson/health/failed', '');
  });

  it.each([
    ['good', 0, 'health: good'],
    ['degraded units: failed: a.service', 0, 'health: degraded, units: failed: a.service'],
    ['failed ssh: no answer', 1, 'health: failed, ssh: no answer'],
    ['checking', 0, 'health: good'],
  ])('health of "%s"', async (state, exitCode, said) => {
    await machine.file('run/caisson/health/state', `${state}\n`);
    expect(await caisson('health')).toEqual([exitCode, said]);
  });

  it('health of a check that ended without a word says so: the slot was not marked', async () => {
    await machine.file('run/caisson/health/state', 'checking\n');
    await machine.program('systemctl', 'exit 3');
    expect(await caisson('health')).toEqual([1, 'health: checking']);
  });

  it('health tells of the update that failed', async () => {
    await machine.file('var/lib/caisson/health/failed', `${FAILED}\n`);
    expect(await caisson('health')).toEqual([0, `health: good\nlast update: ${FAILED}`]);
  });

  it('status says which slot runs and which comes next', async () => {
    expect(await caisson('status')).toEqual([
      0,
      'running: 7.9.3 in slot Q\nnext boot: slot P, on trial: P\nhealth: good',
    ]);
  });

  it('update is root’s, and takes one bundle', async () => {
    expect((await caisson('update'))[0]).toBe(2);
    await machine.program('id', 'echo 1000');
    expect((await caisson('update', `${folder}/old.raucb`))[0]).toBe(2);
    expect(await calls()).toEqual([]);
  });
});
