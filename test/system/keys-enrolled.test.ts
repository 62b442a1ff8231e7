/** The files of `caisson keys new` in firmware: put there by virt-firmware, and taken by OVMF itself. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { inTree } from '../support/caisson.ts';
import { workplace } from '../support/provisioned.ts';
import { vmTools } from '../support/vm-tools.ts';

const builds = inject('builds');
const { folder, at, run, cli } = workplace(builds, 'keys-enrolled');
const NAMES = ['PK', 'KEK', 'db'];
let tree: string;

/** Ends at the first restart. */
const QEMU =
  'qemu-system-x86_64 -machine q35,smm=on -accel tcg -m 256 -nodefaults -display none -no-reboot' +
  ' -global driver=cfi.pflash01,property=secure,value=on' +
  ' -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd' +
  ' -drive if=pflash,format=raw,file=/mnt/work/enrolled.fd -serial file:/mnt/work/serial.log' +
  ' -drive file=/mnt/work/esp,format=raw,if=none,id=esp -device virtio-blk-pci,drive=esp';

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await cli('keys', 'new', at('made'), '--name', 'Reef & Söhne');
  tree = await vmTools(builds.own.cache);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('new keys', () => {
  it('are enrolled and read back by virt-firmware', async () => {
    const owner = (await readFile(at('made/GUID'), 'utf8')).trim();
    const add = (option: string, name: string): string[] => [option, owner, `/mnt/work/made/${name}.crt`];
    await inTree(tree, folder, [
      'virt-fw-vars',
      '--input',
      '/usr/share/OVMF/OVMF_VARS_4M.fd',
      '--output',
      '/mnt/work/vars.fd',
      ...add('--set-pk', 'PK'),
      ...add('--add-kek', 'KEK'),
      ...add('--add-db', 'db'),
      '--secure-boot',
    ]);
    const printed = await inTree(tree, folder, [
      'virt-fw-vars',
      '--input',
      '/mnt/work/vars.fd',
      '--print',
      '--verbose',
    ]);
    for (const name of NAMES) expect(printed).toContain(`Reef & Söhne ${name}`);
  });

  it('are taken by OVMF itself, to which systemd-boot hands the signed lists', async () => {
    await writeFile(at('loader.conf'), 'secure-boot-enroll force\ntimeout 0\n');
    const loader = '/usr/lib/systemd/boot/efi/systemd-bootx64.efi';
    await run('truncate', '--size=64M', '/mnt/work/esp');
    await run('mkfs.vfat', '-F', '32', '/mnt/work/esp');
    await run(
      'mmd',
      '-i',
      '/mnt/work/esp',
      ...['EFI', 'EFI/BOOT', 'loader', 'loader/keys', 'loader/keys/auto'].map(each => `::/${each}`),
    );
    await run('mcopy', '-i', '/mnt/work/esp', loader, '::/EFI/BOOT/BOOTX64.EFI');
    await run('mcopy', '-i', '/mnt/work/esp', '/mnt/work/loader.conf', '::/loader/loader.conf');
    await run(
      'mcopy',
      '-i',
      '/mnt/work/esp',
      ...NAMES.map(name => `/mnt/work/made/${name}.auth`),
      '::/loader/keys/auto/',
    );
    await inTree(tree, folder, ['cp', '/usr/share/OVMF/OVMF_VARS_4M.fd', '/mnt/work/enrolled.fd']);
    // Seconds: only firmware and loader run, and the restart that follows ends it.
    await inTree(tree, folder, ['timeout', '120', ...QEMU.split(' ')]);
    expect(await readFile(at('serial.log'), 'latin1')).toContain('keys successfully enrolled');
    await inTree(tree, folder, [
      'virt-fw-vars',
      '--input',
      '/mnt/work/enrolled.fd',
      '--output-json',
      '/mnt/work/enrolled.json',
    ]);
    const { variables } = JSON.parse(await readFile(at('enrolled.json'), 'utf8')) as {
      variables: { name: string; data: string }[];
    };
    for (const name of NAMES)
      expect(variables.find(each => each.name === name)?.data).toBe(
        (await readFile(at(`made/${name}.esl`))).toString('hex'),
      );
  });
});
