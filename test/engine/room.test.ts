import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { BuildFault } from '../../pipeline/engine/fault.ts';
import { explainFullDisk, installedRoom, type Need } from '../../pipeline/engine/room.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { packageOf } from '../plan/fixture.ts';

/** A file system with no room at all, and one with some. */
const FULL = { folder: '/proc', remedy: 'sweep it' };
const ROOMY = { folder: tmpdir(), remedy: 'look elsewhere' };
const need = (...places: Need['places']): Need => ({ what: 'hull', needed: 3 * 2 ** 20, unpacks: false, places });
const systemError = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });
const programError = (script: string): Promise<unknown> =>
  runProcess(['sh', '-c', script], { env: { PATH: '/usr/bin:/bin' }, signal: new AbortController().signal }).catch(
    (error: unknown) => error,
  );

describe('explainFullDisk', () => {
  test('names the fullest of the places, with its remedy', async () => {
    const fault = await explainFullDisk(systemError('ENOSPC'), need(ROOMY, FULL));
    expect(fault).toBeInstanceOf(BuildFault);
    expect(fault).toMatchObject({
      message: 'the disk is full: hull needs up to 3 MiB; 0 B of 0 B are free in /proc',
      hint: 'free some room (caisson cache prune), or sweep it; what was complete is not lost',
    });
  });

  test.each<[string, () => unknown]>([
    ['no room', () => systemError('ENOSPC')],
    ['no room of one’s own', () => systemError('EDQUOT')],
    ['a program without room', () => programError('echo "cp: error writing: No space left on device" >&2; exit 1')],
    ['a program without room of its own', () => programError('echo "dpkg: Disk quota exceeded"; exit 2')],
    ['a program that met a hole it cannot fill', () => programError('kill -BUS $$')],
  ])('%s', async (_, error) => {
    const fault = await explainFullDisk(await error(), need(ROOMY));
    expect(fault).toMatchObject({
      name: 'BuildFault',
      message: expect.stringContaining(` are free in ${ROOMY.folder}`) as string,
    });
    expect((fault as BuildFault).message).not.toContain('; 0 B of');
  });

  test('of who unpacks packages, where the disk has room: it is the memory', async () => {
    const error = await programError('echo "tar: ./usr: Cannot write: No space left on device"; exit 2');
    expect(await explainFullDisk(error, { ...need(ROOMY), unpacks: true })).toMatchObject({
      message: 'the memory is full: hull unpacks up to 3 MiB into a tmpfs, which may take half of it',
    });
    expect(await explainFullDisk(error, { ...need(ROOMY, FULL), unpacks: true })).toMatchObject({
      message: expect.stringMatching(/^the disk is full: .* in \/proc$/) as string,
    });
  });

  test('a program that does not say what ails it, where no block is free', async () => {
    const error = await programError('echo "internal error"; exit 5');
    expect(await explainFullDisk(error, need(FULL))).toBeInstanceOf(BuildFault);
    expect(await explainFullDisk(error, need(ROOMY))).toBe(error);
  });

  test.each<[string, unknown]>([
    ['an error of ours', new TypeError('slot is undefined')],
    ['a fault', new BuildFault('the mirror is gone')],
    ['what is no error', 'sprang a leak'],
  ])('%s stays what it is, also on a full disk', async (_, error) =>
    expect(await explainFullDisk(error, need(FULL))).toBe(error),
  );

  test('another system error, where there is room', async () => {
    const error = systemError('EACCES');
    expect(await explainFullDisk(error, need(ROOMY))).toBe(error);
    expect(statfsSync(ROOMY.folder).bavail).toBeGreaterThan(0);
  });
});

test('installedRoom: twice unpacked, and the packages themselves', () => {
  const packages = [
    { ...packageOf('rope'), bytes: 100, stanza: 'Package: rope\nInstalled-Size: 3' },
    { ...packageOf('anchor'), bytes: 10, stanza: 'Package: anchor' },
  ];
  expect(installedRoom(packages)).toBe(2 * 3 * 1024 + 110);
  expect(installedRoom([])).toBe(0);
});
