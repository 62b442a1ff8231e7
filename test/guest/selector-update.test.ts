/** A newer selector on two files that stand for partitions, with the power cut at each write. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { machineIn, selectorBytes, type Machine } from './machine.ts';

const folder = scratchDirectory();
const STATE = { ORDER: 'P Q', VERITY: 'off', Q_OK: '1', Q_TRY: '0', P_OK: '1', P_TRY: '2', STARTED: '2031_4_5_6_7_8' };
const AT = 21;
/** As a new machine has it: another place for the state, fewer sectors, another state. */
const IMAGE = selectorBytes({ ORDER: 'Q P', Q_OK: '1' }, { fill: 0xcc, at: AT, sectors: 900 });
const SHA256 = createHash('sha256').update(IMAGE).digest('hex');
const PARTITIONS = ['QuayQ', 'QuayP'] as const;
let machine: Machine;
let state: Record<string, string>;

const oldBytes = (): Buffer => selectorBytes(state, { fill: 0xaa });
/** The image with the state of this machine, and behind it what was there. */
const newBytes = (): Buffer => {
  const bytes = oldBytes();
  bytes.set(IMAGE);
  bytes.set(encodeGrubenv(state), AT * 512);
  return bytes;
};
const bytesOf = async (name: string): Promise<Buffer> => readFile(machine.at(`dev/caisson/${name}`));

beforeEach(async () => {
  state = { ...STATE, SELECTOR: '14' };
  machine = await machineIn(folder, ['selector-update', 'grubenv'], {
    state_partitions: 'QuayQ QuayP',
    selector_partitions: 'QuayQ QuayP',
  });
  await machine.program('blockdev', 'case "$1" in --getsize64) stat -L -c %s "$2" ;; esac');
  await dd(0, 'none');
  await place();
});

async function place(): Promise<void> {
  for (const [index, name] of PARTITIONS.entries()) {
    await machine.file(`dev/caisson/${name}`, oldBytes());
    await machine.file(`sys/class/block/${name}/partition`, `${14 + index * 7}\n`);
  }
  await machine.file('image', IMAGE);
}

/** Notes what is written where; at the write of that number the power goes: nothing of it is written, or half, and nothing after. */
async function dd(cut: number, torn: 'none' | 'half'): Promise<void> {
  await machine.file('writes', '');
  await machine.program(
    'dd',
    `case " $* " in *" of="*) ;; *) exec /bin/dd "$@" ;; esac
for word in "$@"; do case $word in of=*) echo "\${word##*/}" >>${folder}/writes ;; esac; done
written=$(wc -l <${folder}/writes)
[ ${cut} = 0 ] || [ "$written" -lt ${cut} ] || {
  cat >${folder}/bytes
  # A sector is written or not.
  half=$(($(stat -c %s ${folder}/bytes) / 1024 * 512))
  [ ${torn} = none ] || [ "$written" != ${cut} ] || head -c "$half" ${folder}/bytes | /bin/dd "$@"
  exit 1
}
exec /bin/dd "$@"`,
  );
}

const update = async (): ReturnType<Machine['run']> =>
  machine.run('selector-update', [machine.at('image'), SHA256], { PATH: `${machine.at('bin')}:/usr/bin:/bin` });
const order = async (): Promise<string[]> => [...new Set((await machine.read('writes')).trim().split('\n'))];

describe('selector-update', () => {
  it('writes both, and keeps the state of the machine', async () => {
    expect(await update()).toEqual({
      exitCode: 0,
      stdout: 'caisson: QuayP has the new selector\ncaisson: QuayQ has the new selector',
      stderr: '',
    });
    for (const name of PARTITIONS) expect((await bytesOf(name)).equals(newBytes())).toBe(true);
  });

  it.each([
    ['14', ['QuayP', 'QuayQ']],
    ['21', ['QuayQ', 'QuayP']],
    ['', ['QuayP', 'QuayQ']],
    ['8', ['QuayP', 'QuayQ']],
  ])('the one that started the machine comes last: SELECTOR=%s', async (started, expected) => {
    state = { ...STATE, SELECTOR: started };
    await place();
    await update();
    expect(await order()).toEqual(expected);
  });

  it('writes nothing where the same selector stands', async () => {
    await update();
    await dd(0, 'none');
    expect(await update()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await machine.read('writes')).toBe('');
  });

  it('refuses an image that is not the one that was signed', async () => {
    await machine.file('image', Buffer.concat([IMAGE.subarray(512), IMAGE.subarray(0, 512)]));
    expect((await update()).stderr).toBe('caisson: the selector is not the one that was signed');
    for (const name of PARTITIONS) expect((await bytesOf(name)).equals(oldBytes())).toBe(true);
  });

  it('a partition that reads back wrong is left without a file system, and the other one alone', async () => {
    // The disk loses what is written to it from the second write on.
    await machine.program('dd', 'case " $* " in *of=*seek=512*) cat >/dev/null; exit ;; esac\nexec /bin/dd "$@"');
    const { exitCode, stderr } = await update();
    expect([exitCode, stderr]).toEqual([1, 'caisson: QuayP cannot be written, and no other one was touched after it']);
    expect((await bytesOf('QuayP')).subarray(0, 512).equals(Buffer.alloc(512))).toBe(true);
    expect((await bytesOf('QuayQ')).equals(oldBytes())).toBe(true);
  });

  it('a single one stays', async () => {
    await machine.file('usr/lib/caisson/guest.conf', "state_partitions='QuayQ'\nselector_partitions='QuayQ'\n");
    expect(await update()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect((await bytesOf('QuayQ')).equals(oldBytes())).toBe(true);
  });
});

describe('a cut', () => {
  // Three writes for each of two partitions.
  const cuts = [1, 2, 3, 4, 5, 6].flatMap(cut => [[cut, 'none'] as const, [cut, 'half'] as const]);

  it.each(cuts)('at write %d (%s of it) leaves one that is whole, and the state', async (cut, torn) => {
    await dd(cut, torn);
    expect((await update()).exitCode).toBe(1);
    const found = await Promise.all(PARTITIONS.map(bytesOf));
    const whole = found.filter(each => each.equals(oldBytes()) || each.equals(newBytes()));
    expect(whole.length).toBeGreaterThan(0);
    // What is not whole is no file system.
    for (const each of found)
      if (!whole.includes(each)) expect(each.subarray(0, 512).equals(Buffer.alloc(512))).toBe(true);
    const lines = Object.entries(state).map(([name, value]) => `${name}=${value}`);
    expect((await machine.run('grubenv', ['get'])).stdout).toBe(lines.join('\n'));

    await dd(0, 'none');
    expect((await update()).exitCode).toBe(0);
    for (const name of PARTITIONS) expect((await bytesOf(name)).equals(newBytes())).toBe(true);
  });

  it.each([2, 5])('at write %d is repaired by what the other partition has', async cut => {
    await dd(cut, 'half');
    await update();
    await dd(0, 'none');
    const { exitCode, stderr } = await machine.run('selector-update', ['repair']);
    expect([exitCode, stderr]).toEqual([0, '']);
    const [first, second] = await Promise.all(PARTITIONS.map(bytesOf));
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
    expect(first?.equals(cut === 2 ? oldBytes() : newBytes())).toBe(true);
  });

  it('repair touches nothing that is whole', async () => {
    expect(await machine.run('selector-update', ['repair'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await machine.read('writes')).toBe('');
  });
});
