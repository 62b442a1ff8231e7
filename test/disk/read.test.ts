import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { describe, expect, it } from 'vitest';
import { openImage, withImage } from '../../pipeline/disk/read.ts';
import { encodeGpt } from '../../pipeline/formats/gpt.ts';
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

  it('may be anything, even nothing', async () => {
    writeFileSync(at('nothing.raw'), '');
    await withImage(at('nothing.raw'), async image =>
      expect(image).toMatchObject({ format: 'raw', size: 0, sectorSize: 512 }),
    );
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
