import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyPartition, placeInFile, presentBytes } from '../../pipeline/disk/copy-partition.ts';
import { type DiskImage, withImage } from '../../pipeline/disk/read.ts';
import { writeRaw, writeVhdx } from '../../pipeline/disk/write.ts';
import type { Extent } from '../../pipeline/formats/disk-map.ts';
import { openFiles, scratchDirectory } from './scratch.ts';

const MIB = 2 ** 20;
const TIB = 2 ** 40;
const directory = scratchDirectory();
const at = (name: string) => join(directory, name);
const { signal } = new AbortController();
const onProgress = (): void => undefined;
const guids = {
  fileWriteGuid: '11111111-aaaa-4bbb-8ccc-0123456789ab',
  dataWriteGuid: '22222222-aaaa-4bbb-8ccc-0123456789ab',
  diskId: '33333333-aaaa-4bbb-8ccc-0123456789ab',
  creator: 'kelp 7',
};

/** Bytes that repeat nowhere near each other. */
const noise = (length: number, seed: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 32) }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest()),
    length,
  );

async function vhdx(name: string, options: { size: number; extents: Extent[]; fixed?: boolean; blockSize?: number }) {
  const { size, extents, fixed = false, blockSize = MIB } = options;
  const map = { size, extents, logicalSectorSize: 512, physicalSectorSize: 4096 };
  await writeVhdx(map, at(name), { ...guids, fixed, blockSize, signal, onProgress: () => undefined });
}

/** What the partition is copied to, and how much of the disk was read for it. */
async function copyOf(image: DiskImage, start: number, end: number): Promise<{ copy: Buffer; read: number }> {
  let read = 0;
  const spied: DiskImage = {
    ...image,
    read: async (offset, length) => {
      read += length;
      return image.read(offset, length);
    },
  };
  await copyPartition(spied, { start, end }, { target: at('copy'), signal, onProgress });
  return { copy: readFileSync(at('copy')), read };
}

describe('copyPartition', () => {
  it('gives the bytes of any span of any VHDX, and reads present blocks alone', async () => {
    const size = 9 * MIB;
    const span = fc.tuple(fc.nat(size / 512 - 1), fc.nat(size / 512 - 1)).map(([a, b]) => [a, b].sort((x, y) => x - y));
    const places = fc.uniqueArray(fc.record({ block: fc.nat(8), skip: fc.nat(MIB - 4096) }), {
      selector: each => each.block,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        places,
        span,
        fc.constantFrom(MIB, 2 * MIB, 4 * MIB),
        async (data, [a = 0, b = 0], blockSize) => {
          const disk = Buffer.alloc(size);
          const extents = data
            .toSorted((x, y) => x.block - y.block)
            .map(({ block, skip }) => ({ start: block * MIB + skip, bytes: noise(4096, block) }));
          for (const each of extents) disk.set(each.bytes, each.start);
          await vhdx('any.vhdx', { size, extents, blockSize });
          const [start, end] = [a * 512, (b + 1) * 512];
          const present = new Set(
            extents.flatMap(each => [each.start, each.start + 4095]).map(x => Math.floor(x / blockSize)),
          );
          const expected = [...present]
            .map(block => Math.min(end, (block + 1) * blockSize) - Math.max(start, block * blockSize))
            .reduce((sum, each) => sum + Math.max(0, each), 0);
          await withImage(at('any.vhdx'), async image => {
            const { copy, read } = await copyOf(image, start, end);
            expect(copy.equals(disk.subarray(start, end))).toBe(true);
            expect(read).toBe(expected);
            expect(await presentBytes(image, { start, end })).toBe(expected);
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('takes no longer for 2 TiB than for what is in them, and makes a sparse file', async () => {
    const start = 1 * MIB;
    const end = 2 * TIB - MIB;
    await vhdx('huge.vhdx', {
      size: 2 * TIB,
      extents: [{ start: TIB + 512, bytes: noise(512, 3) }],
      blockSize: 32 * MIB,
    });
    await withImage(at('huge.vhdx'), async image => {
      expect(await presentBytes(image, { start, end })).toBe(32 * MIB);
      await copyPartition(image, { start, end }, { target: at('huge'), signal, onProgress });
      await withImage(at('huge'), async copy => {
        expect(copy.size).toBe(end - start);
        expect(Buffer.from(await copy.read(TIB + 512 - start, 512)).equals(noise(512, 3))).toBe(true);
      });
      expect(statSync(at('huge')).blocks * 512).toBeLessThan(MIB);
    });
  });

  it("reads qemu-img's VHDX", async () => {
    writeFileSync(at('qemu.vhdx'), gunzipSync(readFileSync(new URL('./qemu-7.2.vhdx.gz', import.meta.url))));
    await withImage(at('qemu.vhdx'), async image => {
      const { copy } = await copyOf(image, 9 * MIB - 512, 20 * MIB);
      const expected = Buffer.alloc(11 * MIB + 512);
      expected.write('kelp at 9 MiB', 512);
      expected.write('end!', expected.length - 4);
      expect(copy.equals(expected)).toBe(true);
    });
  });

  it('replaces what was there, also when that was longer', async () => {
    writeFileSync(at('copy'), Buffer.alloc(3 * MIB, 7));
    writeFileSync(at('short.raw'), Buffer.alloc(2 * MIB));
    await withImage(at('short.raw'), async image => {
      expect((await copyOf(image, MIB, 2 * MIB)).copy.equals(Buffer.alloc(MIB))).toBe(true);
    });
  });

  it('tells how far it is', async () => {
    const extents = [
      { start: 512, bytes: Buffer.alloc(1) },
      { start: 5 * MIB, bytes: Buffer.alloc(3 * MIB, 5) },
    ];
    await vhdx('told.vhdx', { size: 9 * MIB, extents });
    await withImage(at('told.vhdx'), async image => {
      const told: number[] = [];
      const copying = { target: at('copy'), signal, onProgress: (done: number) => void told.push(done) };
      await copyPartition(image, { start: 512, end: 7 * MIB + 512 }, copying);
      expect(told).toEqual([MIB, 2 * MIB, 2 * MIB + 512]);
    });
  });

  it('stops when it is told to, and leaves nothing open', async () => {
    await vhdx('stop.vhdx', { size: 4 * MIB, extents: [{ start: 0, bytes: Buffer.alloc(4 * MIB, 5) }] });
    const abort = new AbortController();
    await withImage(at('stop.vhdx'), async image => {
      const stopping: DiskImage = {
        ...image,
        read: async (offset, length) => {
          if (offset >= 2 * MIB) abort.abort(new Error('enough'));
          return image.read(offset, length);
        },
      };
      const copying = copyPartition(
        stopping,
        { start: 0, end: 4 * MIB },
        { target: at('stop'), signal: abort.signal, onProgress },
      );
      await expect(copying).rejects.toThrow('enough');
    });
    expect(openFiles(directory)).toEqual([]);
  });
});

describe('placeInFile', () => {
  const extents = [
    { start: MIB, bytes: noise(2 * MIB, 1) },
    { start: 5 * MIB, bytes: noise(MIB, 2) },
  ];

  it('of a raw disk is where the partition starts', async () => {
    const map = { size: 8 * MIB, extents, logicalSectorSize: 512, physicalSectorSize: 4096 };
    await writeRaw(map, at('disk.raw'), { signal, onProgress: () => undefined });
    await withImage(at('disk.raw'), async image => {
      expect(await placeInFile(image, { start: 5 * MIB, end: 6 * MIB })).toBe(5 * MIB);
    });
  });

  it.each([
    [true, 3 * MIB, 8 * MIB],
    [true, 5 * MIB + 512, 5 * MIB + 1024],
    [false, MIB + 512, 3 * MIB],
    [false, 2 * MIB + 1024, 3 * MIB - 512],
  ])('of a VHDX (fixed: %s) has the bytes of [%i, %i)', async (fixed, start, end) => {
    await vhdx('place.vhdx', { size: 8 * MIB, extents, fixed });
    await withImage(at('place.vhdx'), async image => {
      const place = await placeInFile(image, { start, end });
      const file = readFileSync(at('place.vhdx'));
      expect(file.subarray(place ?? 0, (place ?? 0) + end - start).equals(await image.read(start, end - start))).toBe(
        true,
      );
    });
  });

  it.each([
    ['a block is absent', 2 * MIB, 4 * MIB],
    ['the first block is absent', 4 * MIB, 6 * MIB],
  ])('of a dynamic VHDX is nowhere when %s', async (_, start, end) => {
    await vhdx('place.vhdx', { size: 8 * MIB, extents });
    await withImage(at('place.vhdx'), async image => expect(await placeInFile(image, { start, end })).toBeNull());
  });

  it('of blocks in another order is nowhere', async () => {
    await vhdx('order.vhdx', { size: 3 * MIB, extents: [] });
    await withImage(at('order.vhdx'), async ({ vhdx }) => {
      if (vhdx === null) throw new Error('no VHDX');
      const shuffled = { ...vhdx, blockOffset: async (block: number) => ([7, 8, 6][block] ?? 0) * MIB };
      expect(await placeInFile({ vhdx: shuffled }, { start: 512, end: 2 * MIB })).toBe(7 * MIB + 512);
      expect(await placeInFile({ vhdx: shuffled }, { start: 512, end: 2 * MIB + 512 })).toBeNull();
    });
  });
});
