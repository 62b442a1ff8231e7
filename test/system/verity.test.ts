/** `caisson verity` on the real image, as GRUB's own program and other readers see it. */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { digest, workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { own } = builds;
const place = workplace(builds, 'verity');
const { folder, at, run, cli } = place;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(own.out, 'eflow.vhdx'), at('eflow.vhdx'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The disk as raw: the state as grub-editenv reads it off each small partition, and the digest of what the others hold. */
async function look(): Promise<{ states: string[]; digests: string[] }> {
  expect(await run('qemu-img', 'check', '/mnt/work/eflow.vhdx')).toContain('No errors were found');
  await run('qemu-img', 'convert', '-O', 'raw', '/mnt/work/eflow.vhdx', '/mnt/work/disk.raw');
  const states: string[] = [];
  const digests: string[] = [];
  for (const { name, start, used } of own.record.partitions.filter(each => each.used > 0)) {
    const cut = ['if=/mnt/work/disk.raw', 'of=/mnt/work/part', 'bs=1M', `skip=${start / 2 ** 20}`];
    await run('dd', ...cut, `count=${Math.ceil(used / 2 ** 20)}`, 'status=none');
    if (name.startsWith('BootEFI')) {
      await run('mcopy', '-o', '-i', '/mnt/work/part', '::/EFI/caisson/grubenv', '/mnt/work/grubenv');
      states.push(await run('grub-editenv', '/mnt/work/grubenv', 'list'));
    } else digests.push(await digest(at('part')));
    await rm(at('part'));
  }
  await rm(at('disk.raw'));
  return { states, digests };
}

describe('caisson verity', () => {
  it('switches the state alone, and back to the very bytes', async () => {
    const before = await look();
    expect(before.states).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/^VERITY=off$/m) as string));
    expect(await cli('verity', 'on', at('eflow.vhdx'))).toMatchObject({ exitCode: 0, stderr: '' });
    const after = await look();
    expect(after.states).not.toEqual(before.states);
    expect(after.states.map(each => each.replace('VERITY=on', 'VERITY=off'))).toEqual(before.states);
    expect(after.digests).toEqual(before.digests);
    expect((await cli('verity', 'off', at('eflow.vhdx'))).exitCode).toBe(0);
    expect(await look()).toEqual(before);
  });

  it.each([
    [['maybe', 'eflow.vhdx'], "'maybe' is invalid"],
    [['on', 'none.vhdx'], 'no image none.vhdx'],
  ])('is refused with %j', async (args, message) => {
    const { exitCode, stderr } = await cli('verity', ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('never changes an image that nobody named', async () => {
    const { sha256 } = own.record.artifacts.find(each => each.path === 'eflow.vhdx')!;
    expect(await digest(path.join(own.out, 'eflow.vhdx'))).toBe(sha256);
  });
});
