import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withImage } from '../../pipeline/disk/read.ts';
import { type VhdxWriteOptions, writeRaw, writeVhd, writeVhdx } from '../../pipeline/disk/write.ts';
import type { DiskMap, Extent } from '../../pipeline/formats/disk-map.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodeVhdFooter } from '../../pipeline/formats/vhd.ts';
import { openFiles, scratchDirectory } from './scratch.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const directory = scratchDirectory();
const at = (name: string) => join(directory, name);

/** 6 MiB of bytes that repeat nowhere near each other, with zeros in [1 MiB, 3 MiB). */
const source = at('source');
const content = Buffer.concat(
  Array.from({ length: 6 * 2 ** 15 }, (_, i) => createHash('sha256').update(`${i}`).digest()),
).fill(0, MIB, 3 * MIB);
writeFileSync(source, content);

function optionsOf(changes: Partial<VhdxWriteOptions> = {}): VhdxWriteOptions {
  return {
    fixed: false,
    blockSize: MIB,
    fileWriteGuid: '11111111-aaaa-4bbb-8ccc-0123456789ab',
    dataWriteGuid: '22222222-aaaa-4bbb-8ccc-0123456789ab',
    diskId: '33333333-aaaa-4bbb-8ccc-0123456789ab',
    creator: 'kelp 7',
    signal: new AbortController().signal,
    onProgress: () => {},
    ...changes,
  };
}

function mapOf(changes: Partial<DiskMap> = {}): DiskMap {
  const extents = [{ start: MIB, length: content.length, file: source, offset: 0 }];
  return { size: 9 * MIB, logicalSectorSize: 512, physicalSectorSize: 4096, extents, ...changes };
}

/** The disk as the map's definition says, the simplest way. */
function naiveDisk({ size, extents }: DiskMap): Buffer {
  const disk = Buffer.alloc(size);
  for (const extent of extents) {
    if ('bytes' in extent) disk.set(extent.bytes, extent.start);
    else disk.set(content.subarray(extent.offset, extent.offset + extent.length), extent.start);
  }
  return disk;
}

/** Gap, then data of some length; from the file at some place, or in memory. */
const pieces = fc.array(
  fc.record({
    gap: fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(3 * MIB)),
    length: fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 1, max: 5 * MIB })),
    offset: fc.nat(content.length - 1),
    inMemory: fc.boolean(),
  }),
  { maxLength: 12 },
);

const maps: fc.Arbitrary<DiskMap> = fc
  .record({ pieces, tail: fc.nat(20_000), logicalSectorSize: fc.constantFrom(512, 4096) })
  .map(({ pieces: made, tail, logicalSectorSize }) => {
    const extents: Extent[] = [];
    let end = 0;
    for (const { gap, length, offset, inMemory } of made) {
      const start = end + gap;
      const count = Math.min(length, content.length - offset);
      const bytes = content.subarray(offset, offset + count);
      extents.push(inMemory ? { start, bytes } : { start, length: count, file: source, offset });
      end = start + count;
    }
    const size = Math.ceil((end + tail + 1) / logicalSectorSize) * logicalSectorSize;
    return { size, logicalSectorSize, physicalSectorSize: 4096, extents };
  });

describe('writeVhdx', () => {
  it('writes what the map says, for any map (read back by openImage)', async () => {
    const blockSizes = fc.constantFrom(MIB, 2 * MIB, 8 * MIB);
    await fc.assert(
      fc.asyncProperty(maps, fc.boolean(), blockSizes, async (map, fixed, blockSize) => {
        const { fileSize, presentBlocks } = await writeVhdx(map, at('any.vhdx'), optionsOf({ fixed, blockSize }));
        const disk = naiveDisk(map);
        await withImage(at('any.vhdx'), async image => {
          expect(image).toMatchObject({ format: 'vhdx', size: map.size, fileSize, sectorSize: map.logicalSectorSize });
          expect(image.vhdx).toMatchObject({ fixed, blockSize, presentBlocks, physicalSectorSize: 4096, faults: [] });
          expect(disk.equals(await image.read(0, map.size))).toBe(true);
          const middle = Math.floor(map.size / 3);
          expect(disk.subarray(middle, middle * 2).equals(await image.read(middle, middle))).toBe(true);
        });
        const blocks = Array.from({ length: Math.ceil(map.size / blockSize) }, (_, i) =>
          disk.subarray(i * blockSize, (i + 1) * blockSize),
        );
        const data = blocks.filter(block => block.some(byte => byte !== 0));
        expect(presentBlocks).toBe(fixed ? blocks.length : data.length);
      }),
      { numRuns: 30 },
    );
  });

  it('puts blocks in LBA order, with no zero block among them', async () => {
    await writeVhdx(mapOf(), at('order.vhdx'), optionsOf());
    await withImage(at('order.vhdx'), async ({ vhdx }) => {
      const offsets = await Promise.all(Array.from({ length: 9 }, async (_, block) => vhdx?.blockOffset(block)));
      expect(offsets).toEqual([null, 4 * MIB, null, null, 5 * MIB, 6 * MIB, 7 * MIB, null, null]);
    });
  });

  it.each([false, true])('gives the same bytes twice, whatever was there before (fixed: %s)', async fixed => {
    const options = optionsOf({ fixed });
    writeFileSync(at('second.vhdx'), Buffer.alloc(30 * MIB, 0xee));
    await writeVhdx(mapOf(), at('first.vhdx'), options);
    await writeVhdx(mapOf(), at('second.vhdx'), options);
    expect(readFileSync(at('first.vhdx')).equals(readFileSync(at('second.vhdx')))).toBe(true);
  });

  it.each([
    { size: 6 * GIB, fixed: false },
    { size: 2 ** 41, fixed: false },
    { size: 2 ** 41, fixed: true },
  ])('is right and quick at $size bytes (fixed: $fixed)', async ({ size, fixed }) => {
    const starts = [0, 4 * GIB - 700, 5 * GIB + 13, size - 9000];
    const extents = starts.map((start, i) => ({ start, length: 9000, file: source, offset: i * 10_000 }));
    await writeVhdx(mapOf({ size, extents }), at('large.vhdx'), optionsOf({ fixed }));
    await withImage(at('large.vhdx'), async ({ read, vhdx }) => {
      expect(vhdx).toMatchObject({ size, presentBlocks: fixed ? size / MIB : 5 });
      for (const { start, offset } of extents) {
        expect(content.subarray(offset, offset + 9000).equals(await read(start, 9000))).toBe(true);
        const around = await read(Math.max(0, start - 5000), Math.min(start, 5000));
        expect(around.every(byte => byte === 0)).toBe(true);
      }
    });
    expect(statSync(at('large.vhdx')).blocks * 512).toBeLessThan(20 * MIB);
  });

  it('writes an empty disk', async () => {
    const { fileSize } = await writeVhdx(mapOf({ extents: [] }), at('empty.vhdx'), optionsOf());
    expect(fileSize).toBe(4 * MIB);
    await withImage(at('empty.vhdx'), async ({ read }) => {
      expect((await read(0, 9 * MIB)).every(byte => byte === 0)).toBe(true);
    });
  });

  it('counts progress in bytes of the extents, up to all of them', async () => {
    const seen: [number, number][] = [];
    await writeVhdx(mapOf(), at('progress.vhdx'), optionsOf({ onProgress: (...both) => seen.push(both) }));
    const done = seen.map(([bytes]) => bytes);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(new Set(done).size).toBeGreaterThan(2);
    expect(seen.at(-1)).toEqual([6 * MIB, 6 * MIB]);
    expect(new Set(seen.map(([, total]) => total))).toEqual(new Set([6 * MIB]));
  });
});

describe('writeRaw', () => {
  it('writes what the map says, for any map', async () => {
    await fc.assert(
      fc.asyncProperty(maps, async map => {
        await writeRaw(map, at('any.raw'), optionsOf());
        expect(naiveDisk(map).equals(readFileSync(at('any.raw')))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves holes for zeros, in sources and between them', async () => {
    await writeRaw(mapOf({ size: 2 ** 41 }), at('sparse.raw'), optionsOf());
    const { size, blocks } = statSync(at('sparse.raw'));
    expect(size).toBe(2 ** 41);
    expect(blocks * 512).toBeLessThan(content.length - 2 * MIB + 256 * 1024);
  });
});

describe('writeVhd', () => {
  const identity = { uniqueId: '44444444-aaaa-4bbb-8ccc-0123456789ab', epoch: 1_935_817_689 };

  it('writes the raw disk and a footer, sparse, whatever was there before', async () => {
    writeFileSync(at('any.vhd'), Buffer.alloc(30 * MIB, 0xee));
    await writeVhd(mapOf(), at('any.vhd'), { ...optionsOf(), ...identity });
    const file = readFileSync(at('any.vhd'));
    expect(file.subarray(0, 9 * MIB).equals(naiveDisk(mapOf()))).toBe(true);
    expect(decodeVhdFooter(file.subarray(9 * MIB))).toMatchObject({ size: 9 * MIB, ...identity });
    expect(statSync(at('any.vhd')).blocks * 512).toBeLessThan(content.length - 2 * MIB + 256 * 1024);
  });

  it('refuses a size that no VHD has before it touches the file', async () => {
    writeFileSync(at('kept.vhd'), 'kept');
    const writing = writeVhd(mapOf({ size: 9 * MIB + 512 }), at('kept.vhd'), { ...optionsOf(), ...identity });
    await expect(writing).rejects.toThrow(FormatFault);
    expect(readFileSync(at('kept.vhd'), 'utf8')).toBe('kept');
  });
});

describe('all writers', () => {
  const writers = [
    { name: 'writeRaw', write: writeRaw },
    {
      name: 'writeVhd',
      write: (map: DiskMap, path: string, options: VhdxWriteOptions) =>
        writeVhd(map, path, { ...options, uniqueId: options.diskId, epoch: 1_935_817_689 }),
    },
    { name: 'writeVhdx', write: writeVhdx },
  ];

  it.each(writers)('$name stops between windows when told to, and closes its files', async ({ write }) => {
    const abort = new AbortController();
    let calls = 0;
    const onProgress = () => {
      calls += 1;
      abort.abort(new Error('enough'));
    };
    await expect(write(mapOf(), at('stopped'), optionsOf({ signal: abort.signal, onProgress }))).rejects.toThrow(
      'enough',
    );
    expect(calls).toBe(1);
    expect(openFiles(directory)).toEqual([]);
  });

  it.each(writers)('$name names a source that ends early, and closes its files', async ({ write }) => {
    const extents = [{ start: 0, length: content.length, file: source, offset: 4096 }];
    const writing = write(mapOf({ extents }), at('short'), optionsOf());
    await expect(writing).rejects.toThrow(`${source} ends at 6291456`);
    await expect(writing).rejects.toThrow(FormatFault);
    expect(openFiles(directory)).toEqual([]);
  });

  it.each(writers)(
    '$name passes on a source that is missing and a fault of its listener, and closes its files',
    async ({ write }) => {
      const extents = [...mapOf().extents, { start: 8 * MIB, length: 10, file: at('missing'), offset: 0 }];
      await expect(write(mapOf({ extents }), at('short'), optionsOf())).rejects.toThrow(/ENOENT.*missing/);
      const onProgress = () => {
        throw new Error('listener');
      };
      await expect(write(mapOf({ extents }), at('short'), optionsOf({ onProgress }))).rejects.toThrow('listener');
      expect(openFiles(directory)).toEqual([]);
    },
  );

  it.each<[string, Extent[]]>([
    [
      'overlap',
      [
        { start: 0, bytes: content.subarray(0, 10) },
        { start: 9, bytes: content.subarray(0, 1) },
      ],
    ],
    [
      'are out of order',
      [
        { start: 10, bytes: content.subarray(0, 1) },
        { start: 0, bytes: content.subarray(0, 1) },
      ],
    ],
    ['end after the disk', [{ start: 9 * MIB - 1, bytes: content.subarray(0, 2) }]],
    ['are empty', [{ start: 0, bytes: new Uint8Array(0) }]],
  ])('refuse extents that %s', async (_, extents) => {
    await expect(writeRaw(mapOf({ extents }), at('bad'), optionsOf())).rejects.toThrow(/^disk map: extent/);
    await expect(writeVhdx(mapOf({ extents }), at('bad'), optionsOf())).rejects.toThrow(/^disk map: extent/);
  });
});
