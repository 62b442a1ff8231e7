/** What caisson provision refuses: in one message, before anything is made. */
import { copyFile, link, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { digest, makeKeys, workplace } from '../support/provisioned.ts';

const builds = inject('builds');
const { own } = builds;
const place = workplace(builds, 'provision-refused');
const { folder, at, run, cli } = place;
const image = path.join(own.out, 'eflow.vhdx');
const rawImage = path.join(own.out, 'eflow.raw');

describe('no copy is made, with exit 2, and the image stays as it is:', () => {
  let before: string;
  const mate = ['--ssh-key', at('mate.pub')];
  const cases: [string, (out: string) => string[], string][] = [
    ['without any key', out => [image, '--out', out], 'nobody could log in'],
    ['a host name', out => [image, '--out', out, ...mate, '--hostname', 'a_b'], '"a_b" is no host name'],
    ['a private key', out => [image, '--out', out, '--ssh-key', at('mate')], 'that is the private key'],
    ['no key file', out => [image, '--out', out, '--ssh-key', at('nobody.pub')], 'cannot be read (ENOENT)'],
    ['a weak key', out => [image, '--out', out, '--ssh-key', at('weak.pub')], 'an RSA key of 2048 bits is too weak'],
    ['a key on no curve', out => [image, '--out', out, '--ssh-key', at('off.pub')], 'ssh-keygen does not take the key'],
    [
      'too small a Data',
      out => [image, '--out', out, ...mate, '--data-size', '2047 MiB'],
      '--data-size 2047 MiB does not fit',
    ],
    [
      'too large a Data',
      out => [image, '--out', out, ...mate, '--data-size', '3 TiB'],
      '--data-size 3 TiB does not fit',
    ],
    [
      'too small a Log',
      out => [image, '--out', out, ...mate, '--log-size', '1023 MiB'],
      '--log-size 1023 MiB does not fit',
    ],
    ['half a MiB', out => [image, '--out', out, ...mate, '--log-size', '1025.5MiB'], 'is no whole number of MiB'],
    [
      'a size without unit',
      out => [image, '--out', out, ...mate, '--data-size', '8'],
      'Write a number and MiB, GiB or TiB',
    ],
    [
      'a VHD that is too large',
      out => [image, '--out', `${out}.vhd`, ...mate, '--data-size', '2 TiB'],
      'too large for a VHD',
    ],
    ['another format', out => [image, '--out', `${out}.qcow2`, ...mate], 'no disk with the extension .qcow2'],
    ['a folder that is absent', out => [image, '--out', `${out}/deep/x.vhdx`, ...mate], 'deep is no folder'],
    ['a compressed image', out => [at('packed.vhdx.gz'), '--out', out, ...mate], 'compressed by gzip'],
    [
      'a disk of somebody else',
      out => [at('foreign.raw'), '--out', out, ...mate],
      'no root partition of it holds /usr/lib/caisson',
    ],
    ['no disk', out => [at('mate.pub'), '--out', out, ...mate], 'mate.pub: [0, 512) is not inside a disk of'],
    ['a disk without table', out => [at('blank.raw'), '--out', out, ...mate], 'blank.raw: no partition table'],
    ['half an image', out => [at('half.vhdx'), '--out', out, ...mate], 'truncated'],
    ['no --out', () => [image, ...mate], "required option '--out <copy>' not specified"],
  ];
  beforeAll(async () => {
    await makeKeys(place, ['mate']);
    before = await digest(image);
    await run('ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', '/mnt/work/weak');
    // A point that is not on the curve: only ssh-keygen looks.
    const blob = Buffer.from(
      `${Buffer.from('\0\0\0\x13ecdsa-sha2-nistp256\0\0\0\x08nistp256\0\0\0\x41\x04', 'latin1').toString('hex')}${'07'.repeat(64)}`,
      'hex',
    );
    await writeFile(at('off.pub'), `ecdsa-sha2-nistp256 ${blob.toString('base64')}\n`);
    await writeFile(at('packed.vhdx.gz'), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]));
    await run('truncate', '-s', '64M', '/mnt/work/foreign.raw', '/mnt/work/blank.raw');
    await run('sgdisk', '-n', '1:0:0', '-t', '1:4f68bce3-e8cd-4db1-96e7-fbcaf984b709', '/mnt/work/foreign.raw');
    await run('sh', '-c', 'head -c 60000000 /mnt/image/eflow.vhdx > /mnt/work/half.vhdx');
    await mkdir(at('refused'));
  });

  afterAll(async () => {
    const after = await digest(image);
    await rm(folder, { recursive: true, force: true });
    if (after !== before) throw new Error('the image was changed');
  });

  it.each(cases)('%s', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await cli('provision', ...args(at('refused/reef')));
    expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(await readdir(at('refused'))).toEqual([]);
  });

  it('the image itself as the copy, by whatever name', async () => {
    await copyFile(image, at('self.vhdx'));
    await link(at('self.vhdx'), at('hard.vhdx'));
    await symlink('self.vhdx', at('soft.vhdx'));
    const digestBefore = await digest(at('self.vhdx'));
    for (const name of ['self.vhdx', 'hard.vhdx', 'soft.vhdx']) {
      const { exitCode, stderr } = await cli('provision', at('self.vhdx'), '--out', at(name), '--generate-key');
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('is the image itself')]);
    }
    expect(await digest(at('self.vhdx'))).toBe(digestBefore);
  });

  it('an image whose Data was mounted', async () => {
    await execa('cp', ['--sparse=always', rawImage, at('run.raw')]);
    const data = own.record.partitions.find(each => each.name === 'Data')?.start ?? 0;
    await run('debugfs', '-w', '-R', 'ssv mtime 20301224', `/mnt/work/run.raw?offset=${data}`);
    const { exitCode, stderr } = await cli('provision', at('run.raw'), '--out', at('no.vhdx'), '--generate-key');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('run.raw has run: its Data was mounted')]);
    await rm(at('run.raw'));
  });
});
