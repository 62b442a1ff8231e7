/** Programs that are not ours read what we wrote. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ProcessFailure } from '../../pipeline/engine/run.ts';
import { writeVhdx } from '../../pipeline/disk/write.ts';
import type { DiskMap } from '../../pipeline/formats/disk-map.ts';
import { seededGuid } from '../../pipeline/formats/guid.ts';
import { inTree } from '../support/caisson.ts';
import { cutOut as cutPartition, flip } from '../support/partition.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'readers');
const never = new AbortController().signal;
const GiB = 2 ** 30;
const run = (...argv: string[]): Promise<string> =>
  inTree(tools, folder, argv, { binds: [{ host: own.out, inside: '/mnt/image', writable: false }] });

beforeAll(async () => mkdir(folder, { recursive: true }));
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('the disk', () => {
  it('sgdisk finds no problem', async () => {
    expect(await run('sgdisk', '--verify', '/mnt/image/eflow.raw')).toMatch(/No problems found/);
  });

  it('sfdisk finds no error and the names of the layout', async () => {
    expect(await run('sfdisk', '--verify', '/mnt/image/eflow.raw')).toMatch(/^No errors detected\.$/m);
    const table = JSON.parse(await run('sfdisk', '--json', '/mnt/image/eflow.raw')) as {
      partitiontable: { partitions: { name: string; start: number; uuid: string }[] };
    };
    const seen = table.partitiontable.partitions.map(each => [each.name, each.start * 512, each.uuid.toLowerCase()]);
    expect(seen).toEqual(own.record.partitions.map(each => [each.name, each.start, each.uuid]));
  });

  it('qemu-img finds the VHDX sound and equal to the raw form', async () => {
    expect(await run('qemu-img', 'check', '-f', 'vhdx', '/mnt/image/eflow.vhdx')).toMatch(/No errors/);
    expect(
      await run('qemu-img', 'compare', '-f', 'vhdx', '-F', 'raw', '/mnt/image/eflow.vhdx', '/mnt/image/eflow.raw'),
    ).toMatch(/identical/);
  });

  it('vhdiinfo reads the VHDX as the dynamic disk it is', async () => {
    const text = await run('vhdiinfo', '/mnt/image/eflow.vhdx');
    expect(text).toMatch(/Dynamic/);
    expect(text).toContain(`(${own.record.size} bytes)`);
  });

  it('is no larger than its blocks with data and 8 MiB', async () => {
    const rows = JSON.parse(await run('qemu-img', 'map', '--output=json', '-f', 'vhdx', '/mnt/image/eflow.vhdx')) as {
      length: number;
      zero: boolean;
    }[];
    const data = rows.filter(each => !each.zero).reduce((sum, each) => sum + each.length, 0);
    const vhdx = own.record.artifacts.find(each => each.path === 'eflow.vhdx');
    expect(vhdx?.bytes).toBeLessThanOrEqual(data + 8 * 2 ** 20);
  });
});

describe('the file systems', () => {
  const checks: [string, string[]][] = [
    ['BootEFIA', ['fsck.vfat', '-n', '-v']],
    ['BootA', ['fsck.vfat', '-n', '-v']],
    ['RootFSA', ['fsck.erofs', '--extract']],
    ['BootEFIB', ['fsck.vfat', '-n', '-v']],
    ['Log', ['e2fsck', '-f', '-n']],
    ['Data', ['e2fsck', '-f', '-n']],
  ];
  it.each(checks)('%s: %j', async (name, argv) => {
    await cutOut(name, `${name}.img`);
    await expect(run(...argv, `/mnt/work/${name}.img`)).resolves.toBeDefined();
    await rm(path.join(folder, `${name}.img`));
  });

  it('hold the selector twice and the UKI once', async () => {
    for (const name of ['BootEFIA', 'BootEFIB']) {
      await cutOut(name, 'fat.img');
      const listing = await run('mdir', '-/', '-b', '-i', '/mnt/work/fat.img', '::');
      expect(listing.trim().split('\n').sort()).toEqual([
        '::/EFI/',
        '::/EFI/BOOT/',
        '::/EFI/BOOT/BOOTX64.EFI',
        '::/EFI/BOOT/grubx64.efi',
        '::/EFI/BOOT/mmx64.efi',
        '::/EFI/caisson/',
        '::/EFI/caisson/grubenv',
      ]);
    }
    await cutOut('BootA', 'fat.img');
    // Firmware must not find a loader here: it would start past the slot state.
    expect(await run('mdir', '-/', '-b', '-i', '/mnt/work/fat.img', '::')).not.toMatch(/BOOTX64/i);
  });
});

describe('verity', () => {
  const { rootHash, hashOffset, fecOffset, fecRoots } = own.record;
  const verify = (file: string, ...more: string[]): Promise<string> =>
    run('veritysetup', 'verify', file, file, rootHash, `--hash-offset=${hashOffset}`, ...more);
  const fec = ['--fec-device=/mnt/work/root.img', `--fec-offset=${fecOffset}`, `--fec-roots=${fecRoots}`];

  it('the partition has the root hash of build.json', async () => {
    await cutOut('RootFSA', 'root.img');
    await expect(verify('/mnt/work/root.img')).resolves.toBeDefined();
  });

  it('one changed byte is refused, and repaired by FEC', async () => {
    await cutOut('RootFSA', 'root.img');
    await flip(path.join(folder, 'root.img'), 4096 * 1234 + 17);
    await expect(verify('/mnt/work/root.img')).rejects.toThrow(ProcessFailure);
    await expect(verify('/mnt/work/root.img', ...fec)).resolves.toBeDefined();
  });

  it('another root hash is refused', async () => {
    await cutOut('RootFSA', 'root.img');
    const other = rootHash.replace(/^./, digit => (digit === '0' ? '1' : '0'));
    await expect(
      run('veritysetup', 'verify', '/mnt/work/root.img', '/mnt/work/root.img', other, `--hash-offset=${hashOffset}`),
    ).rejects.toThrow(ProcessFailure);
  });
});

describe('large disks, as qemu-img reads them', () => {
  const map = (size: number): DiskMap => ({
    size,
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
    // Before, across and behind each 4 GiB: there the bitmap entries of the BAT shift what follows.
    extents: [0, 4 * GiB - 512, 4 * GiB + 2 ** 20 * 3, size - 4096].map((start, index) => ({
      start,
      bytes: new Uint8Array(index === 1 ? 1024 : 512).fill(index + 1),
    })),
  });
  const guids = {
    fileWriteGuid: seededGuid('t', 'w'),
    dataWriteGuid: seededGuid('t', 'd'),
    diskId: seededGuid('t', 'i'),
    creator: 'Caisson',
  };
  const rows: [string, number, boolean][] = [
    ['5 GiB dynamic', 5 * GiB, false],
    ['5 GiB fixed', 5 * GiB, true],
    ['2 TiB dynamic', 2048 * GiB, false],
  ];
  it.each(rows)('%s', async (_, size, fixed) => {
    await writeVhdx(map(size), path.join(folder, 'large.vhdx'), {
      ...guids,
      fixed,
      blockSize: 2 ** 20,
      signal: never,
      onProgress: () => undefined,
    });
    expect(await run('qemu-img', 'check', '-f', 'vhdx', '/mnt/work/large.vhdx')).toMatch(/No errors/);
    expect(await run('vhdiinfo', '/mnt/work/large.vhdx')).toMatch(fixed ? /Fixed/ : /Dynamic/);
    // qemu-img compare would read every zero of 2 TiB; qemu-io reads where the data is, and around it.
    for (const [index, extent] of map(size).extents.entries()) {
      const length = index === 1 ? 1024 : 512;
      const reads = [
        `read -P ${index + 1} ${extent.start} ${length}`,
        ...(extent.start > 0 ? [`read -P 0 ${extent.start - 512} 512`] : []),
        `read -P 0 ${extent.start + length} 512`,
      ];
      const text = await run(
        'qemu-io',
        '--read-only',
        '-f',
        'vhdx',
        ...reads.flatMap(each => ['-c', each]),
        '/mnt/work/large.vhdx',
      );
      expect(text).not.toMatch(/Pattern verification failed|error/i);
    }
    await rm(path.join(folder, 'large.vhdx'));
  });

  it('2 TiB fixed is as long as its blocks, all of them present', async () => {
    await writeVhdx(map(2048 * GiB), path.join(folder, 'large.vhdx'), {
      ...guids,
      fixed: true,
      blockSize: 2 ** 25,
      signal: never,
      onProgress: () => undefined,
    });
    expect(await run('vhdiinfo', '/mnt/work/large.vhdx')).toMatch(/Fixed/);
    expect(await run('qemu-img', 'check', '-f', 'vhdx', '/mnt/work/large.vhdx')).toMatch(/No errors/);
    await rm(path.join(folder, 'large.vhdx'));
  });
});

async function cutOut(name: string, target: string): Promise<void> {
  const image = path.join(own.out, 'eflow.raw');
  await cutPartition({ tools, image, record: own.record, name, target: path.join(folder, target) });
}
