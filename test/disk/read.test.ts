import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { describe, expect, it } from 'vitest';
import { openImage, withImage } from '../../pipeline/disk/read.ts';
import { encodeGpt } from '../../pipeline/formats/gpt.ts';
import { encodeVhdFooter } from '../../pipeline/formats/vhd.ts';
import { openFiles, scratchDirectory } from './scratch.ts';

const MIB = 2 ** 20;
const directory = scratchDirectory();
const at = (name: string) => join(directory, name);

/**
 * `qemu-img convert -O vhdx -o block_size=2M` (7.2.22) of a raw disk of 20 MiB: "kelp at 0" at 0, "kelp at 9 MiB"
 * there, "end!" in the last four bytes, zeros elsewhere.
 */
const qemuFile = gunzipSync(readFileSync(new URL('./qemu-7.2.vhdx.gz', import.meta.url)));

describe("qemu-img's VHDX", () => {
  it('is read like ours', async () => {
    writeFileSync(at('qemu.vhdx'), qemuFile);
    const expected = Buffer.alloc(20 * MIB);
    expected.write('kelp at 0');
    expected.write('kelp at 9 MiB', 9 * MIB);
    expected.write('end!', 20 * MIB - 4);
    await withImage(at('qemu.vhdx'), async image => {
      expect(image).toMatchObject({ format: 'vhdx', size: 20 * MIB, sectorSize: 512, fileSize: qemuFile.length });
      expect(image.vhdx).toMatchObject({
        creator: 'QEMU v7.2.22',
        fixed: false,
        blockSize: 2 * MIB,
        presentBlocks: 3,
        faults: [],
      });
      expect(expected.equals(await image.read(0, 20 * MIB))).toBe(true);
      expect(Buffer.from(await image.read(20 * MIB - 4, 4)).toString()).toBe('end!');
    });
  });
});

describe('what holds no disk is refused, not waited for:', () => {
  it.each([
    ['a FIFO', (place: string) => void execFileSync('mkfifo', [place])],
    ['a folder', (place: string) => mkdirSync(place)],
  ])('%s', async (name, make) => {
    make(at(name));
    await expect(openImage(at(name))).rejects.toThrow(/ is neither a regular file nor a block device$/);
  });
});

describe('a raw disk', () => {
  it.each([512, 4096])('has the sector size of its partition table: %i', async sectorSize => {
    const disk = new Uint8Array(2 * MIB);
    const { primary, backup, backupStart } = encodeGpt({
      size: disk.length,
      sectorSize,
      diskGuid: '0f1e2d3c-4b5a-4697-8877-665544332211',
      partitions: [],
    });
    disk.set(primary);
    disk.set(backup, backupStart);
    writeFileSync(at('gpt.raw'), disk);
    await withImage(at('gpt.raw'), async image => {
      expect(image).toMatchObject({ format: 'raw', size: 2 * MIB, fileSize: 2 * MIB, sectorSize, vhdx: null });
      expect(Buffer.from(await image.read(sectorSize, 8)).toString()).toBe('EFI PART');
    });
  });

  it('may be anything', async () => {
    writeFileSync(at('any.raw'), Buffer.alloc(700, 'kelp'));
    await withImage(at('any.raw'), async image =>
      expect(image).toMatchObject({ format: 'raw', size: 700, sectorSize: 512 }),
    );
  });

  it('with a partition table begins with whatever it likes', async () => {
    const { primary } = encodeGpt({
      size: 2 * MIB,
      sectorSize: 512,
      diskGuid: '0f1e2d3c-4b5a-4697-8877-665544332211',
      partitions: [],
    });
    const disk = Buffer.alloc(2 * MIB);
    disk.set(primary);
    disk.write('KDMV');
    writeFileSync(at('odd.raw'), disk);
    await withImage(at('odd.raw'), async image => expect(image.format).toBe('raw'));
  });
});

describe('a fixed VHD', () => {
  const footer = encodeVhdFooter(3 * MIB, { uniqueId: '0f1e2d3c-4b5a-4697-8877-665544332211', epoch: 1_935_817_689 });
  const vhd = Buffer.concat([Buffer.alloc(3 * MIB, 'surf'), footer]);

  it('is the bytes before its footer', async () => {
    writeFileSync(at('fixed.vhd'), vhd);
    await withImage(at('fixed.vhd'), async image => {
      expect(image).toMatchObject({
        format: 'vhd',
        size: 3 * MIB,
        fileSize: 3 * MIB + 512,
        sectorSize: 512,
        vhdx: null,
      });
      expect(vhd.subarray(MIB, 3 * MIB).equals(await image.read(MIB, 2 * MIB))).toBe(true);
      await expect(image.read(3 * MIB - 1, 2)).rejects.toThrow(FormatFault);
    });
  });

  it.each<[string, Buffer, RegExp]>([
    ['cut short', Buffer.concat([vhd.subarray(0, 2 * MIB), footer]), /truncated: the disk has 3145728 bytes/],
    ['cut by a sector', Buffer.concat([vhd.subarray(512, 3 * MIB), footer]), /truncated: .* holds 3145216 of them/],
    ['changed', Buffer.concat([vhd.subarray(0, -1), Buffer.from('x')]), /damaged VHD: the checksum/],
  ])('%s is told', async (_, bytes, message) => {
    writeFileSync(at('bad.vhd'), bytes);
    await expect(openImage(at('bad.vhd'))).rejects.toThrow(message);
    expect(openFiles(directory)).toEqual([]);
  });
});

describe('what is no disk, or of another kind', () => {
  it.each<[string, Buffer, string, string]>([
    ['empty.raw', Buffer.alloc(0), 'is empty', 'build or copy it again'],
    [
      'kelp.qcow2',
      Buffer.concat([Buffer.from('QFI'), Buffer.from([0xfb]), Buffer.alloc(600)]),
      'is a qcow2 image, which cannot be read here',
      'convert it first: qemu-img convert -f qcow2',
    ],
    [
      'kelp.raw.zst',
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1]),
      'is compressed by zstd, which cannot be read here',
      'uncompress it first: zstd -d',
    ],
  ])('%s is refused by name', async (name, bytes, message, hint) => {
    writeFileSync(at(name), bytes);
    const fault: unknown = await openImage(at(name)).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(FormatFault);
    expect(fault).toMatchObject({ message: `${at(name)} ${message}`, hint: expect.stringContaining(hint) as string });
    expect(openFiles(directory)).toEqual([]);
  });
});

describe('any image', () => {
  it.each(['outside.vhdx', 'outside.raw'])('%s is read inside its bounds only', async name => {
    writeFileSync(at(name), name.endsWith('raw') ? new Uint8Array(20 * MIB) : qemuFile);
    await withImage(at(name), async ({ read }) => {
      await expect(read(20 * MIB - 1, 2)).rejects.toThrow(FormatFault);
      await expect(read(-1, 1)).rejects.toThrow(FormatFault);
      expect(await read(20 * MIB, 0)).toHaveLength(0);
    });
  });

  it('is closed however its use ends', async () => {
    writeFileSync(at('closed.vhdx'), qemuFile);
    const using = withImage(at('closed.vhdx'), async () => Promise.reject(new Error('mine')));
    await expect(using).rejects.toThrow('mine');
    expect(openFiles(directory)).toEqual([]);
    writeFileSync(at('closed.vhdx'), qemuFile.subarray(0, 3 * MIB));
    await expect(openImage(at('closed.vhdx'))).rejects.toThrow(/truncated/);
    expect(openFiles(directory)).toEqual([]);
  });
});
