/** The health check, with programs that answer as a test says and a clock that sleeping moves. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, type Machine } from './machine.ts';

const folder = scratchDirectory();
let machine: Machine;

beforeEach(async () => {
  for (const each of ['usr', 'etc', 'var', 'run', 'calls', 'stuck'])
    await rm(`${folder}/${each}`, { recursive: true, force: true });
  machine = await machineIn(folder, ['health'], { slots: 'Q P', selector_partitions: 'QuayQ QuayP' });
  await machine.file('usr/lib/os-release', 'IMAGE_VERSION=7.9.3\n');
  await machine.file('run/caisson/slot', 'Q\n');
  await machine.file('proc/uptime', '20.5 11.0\n');
  await machine.file('proc/cmdline', 'quiet caisson.hash_offset=409600 panic=5\n');
  await machine.file('sys/dev/block/254:0/dm/name', 'root');
  await machine.file('calls', '');
  const script = async (name: string, body: string): Promise<void> => {
    await machine.file(`usr/lib/caisson/${name}`, `#!/bin/sh\n${body}\n`);
    await chmod(machine.at(`usr/lib/caisson/${name}`), 0o755);
  };
  await script(
    'rauc-boot',
    `case $1 in trial | fallen) cat ${folder}/$1 ;; *) echo "$*" >>${folder}/calls; ! [ -e ${folder}/stuck ] ;; esac`,
  );
  await script('selector-update', `echo "selector $*" >>${folder}/calls`);
  await script('settle', `echo settle >>${folder}/calls`);
  await machine.program('sleep', `read -r up rest </proc/uptime; echo "$((\${up%.*} + $1)).0 $rest" >/proc/uptime`);
  await machine.program('timeout', '[ "$1" != -k ] || shift 2; shift; exec "$@"');
  await machine.program('journalctl', ':');
  await machine.program('mountpoint', 'echo 254:0');
  await machine.program(
    'dd',
    `echo "dd $*" >>${folder}/calls; cat ${folder}/unreadable 2>/dev/null >&2 && exit 1; exit 0`,
  );
  await machine.program(
    'stat',
    'case "$*" in *%u*) echo "0 $(/usr/bin/stat -L -c %a -- "$5")" ;; *) exec /usr/bin/stat "$@" ;; esac',
  );
  await machine.program(
    'systemctl',
    `case "$1" in is-system-running) cat ${folder}/running ;; list-jobs) echo '12 slow.service start running' ;;
list-units) cat ${folder}/failed-units ;; *) echo "systemctl $*" >>${folder}/calls ;; esac`,
  );
  for (const [name, text] of Object.entries({ running: 'running\n', trial: '', fallen: '', 'failed-units': '' }))
    await machine.file(name, text);
});

async function check(name: string, body: string, { of = 'usr/lib', mode = 0o755 } = {}): Promise<void> {
  await mkdir(machine.at(`${of}/caisson/health.d`), { recursive: true });
  await machine.file(`${of}/caisson/health.d/${name}`, `#!/bin/sh\n${body}\n`);
  await chmod(machine.at(`${of}/caisson/health.d/${name}`), mode);
}

async function outcome() {
  const { exitCode, stderr } = await machine.run('health');
  expect(stderr).toBe('');
  const calls = (await machine.read('calls')).split('\n').filter(each => each !== '' && !each.startsWith('dd '));
  return { exitCode, calls, state: (await machine.read('run/caisson/health/state')).trim() };
}
const kept = async (name: string): Promise<string> => machine.read(`var/lib/caisson/health/${name}`).catch(() => '');
const MARKED = ['set-state Q good', 'settle', 'selector repair'];
const GIVEN_UP = ['set-state Q bad', 'systemctl --force reboot', 'systemctl --force --force reboot'];

describe('a slot on trial', () => {
  beforeEach(async () => {
    await machine.file('trial', 'Q\n');
    await machine.file('var/lib/caisson/health/trial', '7.9.3\n');
    await machine.file('var/lib/caisson/health/failed', 'version 7.9.2 in slot Q failed: reef\n');
  });

  it('that is well is marked good, and the last failure is over', async () => {
    await check('sails', 'exit 0');
    await machine.file('failed-units', 'leak.service loaded failed failed Leak\n');
    await machine.file('running', 'degraded\n');
    expect(await outcome()).toEqual({ exitCode: 0, calls: MARKED, state: 'good' });
    expect(await kept('units')).toBe('leak.service\n');
    expect([await kept('trial'), await kept('failed')]).toEqual(['', '']);
  });

  it.each([
    ['the image', 'usr/lib', 'exit 1'],
    ['the image, of what no version would mend', 'usr/lib', 'exit 3'],
    ['the operator', 'etc', 'exit 77'],
  ] as const)('that fails a check of %s is given up', async (_, of, end) => {
    await check('keel', `echo looked; echo 'the keel is gone' >&2; ${end}`, { of });
    expect(await outcome()).toEqual({ exitCode: 0, calls: GIVEN_UP, state: 'failed keel: the keel is gone' });
    expect(await kept('failed')).toBe('version 7.9.3 in slot Q failed: keel: the keel is gone\n');
    expect(await machine.read('dev/console')).toContain(
      'caisson: WARNING: version 7.9.3 in slot Q is not well and is given up: keel: the keel is gone',
    );
  });

  it('whose boot does not end is given up after five minutes', async () => {
    await machine.file('running', 'starting\n');
    expect((await outcome()).state).toBe('failed the boot did not end: slow.service');
    const [up] = (await machine.read('proc/uptime')).split('.');
    expect(Number(up)).toBeGreaterThanOrEqual(320);
    expect(Number(up)).toBeLessThan(400);
  });

  it('whose root cannot be read is given up', async () => {
    await machine.file('unreadable', '');
    expect(await outcome()).toEqual({
      exitCode: 0,
      calls: GIVEN_UP,
      state: 'failed the root cannot be read to its end',
    });
    await rm(machine.at('unreadable'));
  });
});

describe('a slot that was good before', () => {
  it('is marked good when it is well', async () =>
    expect(await outcome()).toEqual({ exitCode: 0, calls: MARKED, state: 'good' }));

  it('keeps its try counted for what another version may do better', async () => {
    await check('keel', 'echo leaks; exit 1');
    expect(await outcome()).toEqual({ exitCode: 1, calls: [], state: 'failed keel: leaks' });
  });

  it.each([
    ['usr/lib', 'exit 3'],
    ['etc', 'exit 1'],
  ])('is good all the same for what no version would mend (%s, %s)', async (of, end) => {
    await check('cargo', `echo wet; ${end}`, { of });
    expect(await outcome()).toEqual({ exitCode: 0, calls: MARKED, state: 'degraded cargo: wet' });
  });

  it.each(['exit 0', 'exit 3'])('has failed when it cannot be marked, whatever a check says (%s)', async body => {
    await check('cargo', `echo wet; ${body}`);
    await machine.file('stuck', '');
    expect(await outcome()).toEqual({
      exitCode: 1,
      calls: ['set-state Q good'],
      state: 'failed the slot cannot be marked good',
    });
  });

  it('a check gets half a minute to become well', async () => {
    await check(
      'tide',
      `read -r up </proc/uptime; [ "\${up%%.*}" -ge 45 ]`.replace('/proc/uptime', machine.at('proc/uptime')),
    );
    expect((await outcome()).state).toBe('good');
  });

  it('a program that others may write is left out', async () => {
    await check('plank', 'exit 1', { of: 'etc', mode: 0o757 });
    expect((await outcome()).state).toBe('good');
    expect(await machine.read('dev/console')).toContain('health.d/plank is no program that only root may write');
  });
});

it('a trial that ended on another slot is marked bad, and told', async () => {
  await machine.file('fallen', 'P\n');
  await machine.file('var/lib/caisson/health/trial', '7.10.0\n');
  expect((await outcome()).calls).toEqual(['set-state P bad', ...MARKED]);
  expect(await kept('failed')).toBe('version 7.10.0 in slot P did not come up\n');
});

it('the root is read whole, as far as dm-verity or else the file system goes', async () => {
  await machine.run('health');
  expect(await machine.read('calls')).toContain(
    'if=/dev/254:0 of=/dev/null bs=1M status=none iflag=direct,count_bytes count=409600\n',
  );
  await machine.file('calls', '');
  await machine.program('basename', 'echo dm-4');
  await machine.run('health');
  expect(await machine.read('calls')).toContain('dd if=/dev/dm-4 of=/dev/null bs=1M status=none iflag=direct\n');
  await rm(machine.at('bin/basename'));
});

it('where no selector counts, nothing is marked', async () => {
  await machine.file('usr/lib/caisson/guest.conf', "slots='Q'\nselector_partitions=''\n");
  expect(await outcome()).toMatchObject({ exitCode: 0, calls: [] });
});
