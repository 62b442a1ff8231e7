import { describe, expect, test } from 'vitest';
import { qemuArgv, type Machine } from '../../../pipeline/engine/machine/qemu.ts';

const disk = (path: string, logicalSectorSize: number): Machine['image'] => ({
  path,
  format: 'raw',
  logicalSectorSize,
});
const argv = (own: Partial<Machine> = {}): string =>
  qemuArgv(
    {
      image: disk('/host/kelp.raw', 4096),
      memoryMiB: 777,
      cpus: 3,
      credentials: {},
      network: 'none',
      otherDisks: [],
      tpm: false,
      firmware: { kind: 'open' },
      logWrites: false,
      serialFiles: [],
      ...own,
    },
    ['-accel', 'kelp'],
  ).join(' ');

test('size and accelerator are what was asked for', () => {
  expect(argv()).toContain(' -accel kelp ');
  expect(argv()).toContain(' -m 777 -smp 3 ');
});

describe('disks', () => {
  test('are layers of their own, with the sectors that they have, the image last and first to boot', () => {
    const all = argv({ otherDisks: [disk('/host/a', 512), disk('/host/b', 4096)] });
    const devices = all.match(/scsi-hd,\S+/g);
    expect(devices).toEqual([
      'scsi-hd,drive=other0,logical_block_size=512,physical_block_size=4096',
      'scsi-hd,drive=other1,logical_block_size=4096,physical_block_size=4096',
      'scsi-hd,drive=disk,bootindex=0,logical_block_size=4096,physical_block_size=4096',
    ]);
    expect(all.match(/file=\/mnt\/work\/[a-z0-9-]+\.qcow2/g)).toEqual([
      'file=/mnt/work/other-0.qcow2',
      'file=/mnt/work/other-1.qcow2',
      'file=/mnt/work/layer.qcow2',
    ]);
    expect(all).not.toContain('/host/');
  });

  test('that are logged are the image’s alone, by a driver that hears of flushes', () => {
    const drives = argv({ otherDisks: [disk('/host/a', 512)], logWrites: true }).match(/if=none,\S+/g);
    expect(drives).toEqual([
      'if=none,id=other0,format=qcow2,file=/mnt/work/other-0.qcow2,cache=unsafe,discard=unmap',
      'if=none,id=disk,driver=blklogwrites,discard=unmap,file.driver=qcow2,file.discard=unmap,file.cache.no-flush=on,' +
        'file.file.driver=file,file.file.filename=/mnt/work/layer.qcow2,' +
        'log.driver=file,log.cache.no-flush=on,log.filename=/mnt/work/writes.log',
    ]);
  });
});

describe('the network', () => {
  test('is none', () => {
    expect(argv()).toContain(' -nic none');
    expect(argv()).not.toContain('-netdev');
  });
  test('is QEMU’s own, with or without a port of the loopback', () => {
    expect(argv({ network: { sshPort: 40_022 } })).toContain('-netdev user,id=net,hostfwd=tcp:127.0.0.1:40022-:22 ');
    expect(argv({ network: { sshPort: null } })).toContain('-netdev user,id=net -device');
  });
  test('is a tap that is there already', () => {
    expect(argv({ network: 'tap' })).toContain('-netdev tap,id=net,ifname=tap0,script=no,downscript=no ');
  });
});

describe('the firmware', () => {
  const keys = { kind: 'keys', owner: '', pk: '/host/pk', kek: '/host/kek', db: ['/host/db'] } as const;

  test('starts anything', () => {
    expect(argv()).toContain('readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd -drive');
    expect(argv()).not.toContain('secure');
  });
  test.each([keys, { kind: 'microsoft', mok: [] } as const])('keeps its variables to itself: $kind', firmware => {
    expect(argv({ firmware })).toContain('readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd -drive');
    expect(argv({ firmware })).toContain('-global driver=cfi.pflash01,property=secure,value=on');
    expect(argv({ firmware })).not.toContain('/host/');
  });
});

test('a TPM stands behind a socket, only when asked for', () => {
  expect(argv({ tpm: true })).toContain('-chardev socket,id=tpm,path=/mnt/work/tpm.sock ');
  expect(argv({ tpm: true })).toContain('-device tpm-crb,tpmdev=tpm0');
  expect(argv()).not.toMatch(/tpm/);
});

test('credentials are base64, so that no comma ends them', () => {
  const value = 'a,b=c\n';
  expect(argv({ credentials: { 'buoy.lamp': value } })).toContain(
    `-smbios type=11,value=io.systemd.credential.binary:buoy.lamp=${Buffer.from(value).toString('base64')}`,
  );
});
