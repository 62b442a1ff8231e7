/** The seed disk, as other programs read it. */
import { readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeKeys, tableOf, workplace } from '../support/provisioned.ts';

const place = workplace(inject('builds'), 'seed');
const { folder, at, run, cli, key } = place;

beforeAll(async () => makeKeys(place, ['mate', 'ca']));
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('a seed disk', () => {
  it('is a FAT with the same files, found by the name of its partition', async () => {
    const args = ['--hostname', 'buoy', '--ssh-key', at('mate.pub'), '--ca-key', at('ca.pub')];
    const { exitCode } = await cli('seed', '--out', at('seed.vhdx'), ...args);
    expect(exitCode).toBe(0);
    expect(await run('qemu-img', 'check', '/mnt/work/seed.vhdx')).toContain('No errors were found');
    await run('qemu-img', 'convert', '-O', 'raw', '/mnt/work/seed.vhdx', '/mnt/work/seed.raw');
    expect(await run('sgdisk', '-v', '/mnt/work/seed.raw')).toContain('No problems found');
    const { partitions } = await tableOf(place, '/mnt/work/seed.raw');
    expect(partitions.map(each => each.name)).toEqual(['CAISSON-SEED']);
    await run('dd', 'if=/mnt/work/seed.raw', 'of=/mnt/work/seed.fat', 'bs=1M', 'skip=1', 'count=8', 'status=none');
    await run('fsck.vfat', '-n', '/mnt/work/seed.fat');
    expect(await run('blkid', '-p', '-o', 'value', '-s', 'LABEL', '/mnt/work/seed.fat')).toBe('CAISSONSEED');
    const text = (name: string): Promise<string> => run('mtype', '-i', '/mnt/work/seed.fat', `::/${name}`);
    expect(await text('hostname')).toBe('buoy');
    expect(await text('authorized_keys')).toBe(await key('mate'));
    expect(await text('trusted_user_ca_keys')).toBe(await key('ca'));
  });

  it.each([
    [['--hostname', 'buoy'], 'nobody could log in'],
    [['--ssh-key', at('mate')], 'that is the private key'],
  ])('is refused with %j', async (args, message) => {
    const { exitCode, stderr } = await cli('seed', '--out', at('none.raw'), ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(await readdir(folder)).not.toContain('none.raw');
  });
});
