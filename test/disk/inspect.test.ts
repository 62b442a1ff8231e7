import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectImage } from '../../pipeline/disk/inspect.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { writeVhdx } from '../../pipeline/disk/write.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import type { Inspection } from '../../pipeline/formats/inspection.ts';
import { made, spyOn } from '../formats/made.ts';
import { diskOf, filesOf, HASH_OFFSET, MIB, rawImage, ROOT_HASH, TREE_END, ukiWith } from './inspect/image.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const NO_FILES = 'nobody has the programs';
const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251);

const words = `caisson.roothash=${ROOT_HASH} caisson.hash_offset=${HASH_OFFSET}`;
const uki = ukiWith(`quiet ${words} caisson.slot=A`, `quiet ${words} caisson.slot=B`);

const { bytes: DISK, partitions: PARTITIONS } = diskOf([
  { name: 'KelpA', type: 'esp', content: made('fat12') },
  { name: 'ReefA', type: 'root-x86-64', size: 3 * MIB, content: made('verity') },
  { name: 'KelpB', type: 'esp', size: 2 * MIB },
  { name: 'ReefB', type: 'root-x86-64', size: 3 * MIB },
  { name: 'Lava', type: 'caisson-log', size: 4 * MIB, content: made('ext4') },
  { name: 'Hashes', type: 'root-x86-64-verity', content: made('tree-sha256-1') },
  { name: 'Noise', content: noise },
]);
const FILES = filesOf({ KelpA: { '/EFI/reef.efi': uki, '/EFI/extra.efi': made('addon') } }, scratch);
const inspect = (bytes: Uint8Array, files = FILES): Promise<Inspection> => inspectImage(rawImage(bytes), files);
const copy = (): Uint8Array => new Uint8Array(DISK);
const flip = (bytes: Uint8Array, at: number): void => void (bytes[at] = (bytes[at] ?? 0) ^ 7);
const startOf = (name: string): number => PARTITIONS.find(each => each.name === name)?.start ?? 0;

describe('inspectImage', () => {
  it('tells what stands in each partition, and how much of it is used', async () => {
    const { container, gpt, partitions, faults, notes } = await inspect(DISK);
    expect({ faults, notes }).toEqual({ faults: [], notes: [] });
    expect(container).toEqual({ format: 'raw', size: DISK.length, fileSize: DISK.length, sectorSize: 512, vhdx: null });
    expect(gpt).toEqual({ diskGuid: '0f1e2d3c-4b5a-4697-8877-665544332211', faults: [] });
    expect(partitions.map(each => [each.number, each.name, each.typeName, each.slot, each.content])).toEqual([
      [3, 'KelpA', 'esp', 'A', 'filesystem'],
      [4, 'ReefA', 'root-x86-64', 'A', 'filesystem'],
      [5, 'KelpB', 'esp', 'B', 'empty'],
      [6, 'ReefB', 'root-x86-64', 'B', 'empty'],
      [7, 'Lava', 'caisson-log', null, 'filesystem'],
      [8, 'Hashes', 'root-x86-64-verity', null, 'hashes'],
      [9, 'Noise', 'linux', null, 'unknown'],
    ]);
    expect(partitions.map(({ used, free }) => [used, free])).toEqual([
      [2 * MIB - 1000 * 2048, 1000 * 2048],
      [TREE_END, 3 * MIB - TREE_END],
      [0, 2 * MIB],
      [0, 3 * MIB],
      [126 * 2048, 4 * MIB - 126 * 2048],
      [20_480, MIB - 20_480],
      [null, null],
    ]);
  });

  it('computes root hashes, and finds them again on the command lines of kernels', async () => {
    const { partitions } = await inspect(DISK);
    expect(partitions[1]?.verity).toMatchObject({ rootHash: ROOT_HASH, offset: HASH_OFFSET, fec: null });
    expect(partitions[5]?.verity?.rootHash).toMatch(/^0a65e2ab/);
    const [extra, reef] = partitions[0]?.efi ?? [];
    expect([extra?.path, extra?.program?.kind]).toEqual(['/EFI/extra.efi', 'addon']);
    expect([reef?.path, reef?.program?.kind, reef?.size]).toEqual(['/EFI/reef.efi', 'uki', uki.length]);
    expect(reef?.program?.profiles.map(({ root }) => root?.partitions)).toEqual([['ReefA'], ['ReefA'], ['ReefA']]);
    expect(partitions.slice(1).map(({ efi }) => efi)).toEqual([null, null, null, null, null, null]);
  });

  it('knows a hash tree that is not the one the kernel wants, by one changed byte', async () => {
    const bytes = copy();
    flip(bytes, startOf('ReefA') + TREE_END - 4000);
    const { faults } = await inspect(bytes);
    expect(faults).toEqual([
      expect.stringMatching(
        new RegExp(
          `^KelpA: /EFI/reef\\.efi, profile @0, @1, @2: no partition has its root hash ${ROOT_HASH} \\(ReefA has `,
        ),
      ),
    ]);
  });

  it('sees FEC behind a tree, whose length it does not know without a command line', async () => {
    const bytes = copy();
    bytes[startOf('ReefA') + TREE_END + 100] = 1;
    expect((await inspect(bytes)).partitions[1]).toMatchObject({
      verity: { fec: { start: TREE_END, end: null, roots: null } },
      used: TREE_END,
    });
  });

  it('tells a verity superblock of another length than its file system', async () => {
    const bytes = copy();
    new DataView(bytes.buffer).setUint32(startOf('ReefA') + HASH_OFFSET + 72, 3, true);
    const { faults } = await inspect(bytes);
    expect(faults).toContain('ReefA: verity covers 12288 bytes, but the erofs before it has 8192');
  });

  it.each<[string, string, number, string]>([
    ['an ext4', 'Lava', 1024 + 0x78, 'damaged ext4: CRC-32C'],
    ['an erofs', 'ReefA', 1024 + 64, 'damaged erofs: CRC-32C'],
    ['a FAT', 'KelpA', 13, 'damaged vfat: clusters of'],
    ['a verity superblock', 'ReefA', HASH_OFFSET + 8, 'damaged verity superblock: version'],
    ['a tree alone', 'Hashes', 64, 'damaged verity superblock: blocks of'],
  ])('names the partition of %s that is damaged, and reads the others', async (_, name, at, message) => {
    const bytes = copy();
    flip(bytes, startOf(name) + at);
    const { faults, partitions } = await inspect(bytes);
    expect(faults).toContainEqual(expect.stringContaining(`${name}: ${message}`));
    const others = partitions.filter(each => each.name !== name && each.name !== 'Noise');
    expect(others.every(({ content }) => content !== 'damaged' && content !== 'unknown')).toBe(true);
  });

  it('names the FAT whose files cannot be read', async () =>
    expect(await inspect(DISK, filesOf({}, scratch))).toMatchObject({ faults: ['KelpA: mdir cannot read its vfat'] }));

  it('says why nobody looked for EFI programs, which is no fault', async () => {
    const { faults, notes, partitions } = await inspectImage(rawImage(DISK), NO_FILES);
    expect({ faults, notes }).toEqual({ faults: [], notes: [`KelpA: not searched for EFI programs: ${NO_FILES}`] });
    expect(partitions[0]?.efi).toBeNull();
  });

  it('gives only what can stand in JSON', async () => {
    const found = await inspect(DISK);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});

describe('inspectImage, on damaged disks', () => {
  it('names the copy of the table that is damaged, wherever that is', async () => {
    const [primary, backup] = [512, DISK.length - 512];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(primary, backup),
        fc.nat(91),
        fc.integer({ min: 1, max: 255 }),
        async (header, at, flip) => {
          const bytes = copy();
          bytes[header + at] = (bytes[header + at] ?? 0) ^ flip;
          const { faults, partitions } = await inspect(bytes);
          expect(faults).toEqual([
            expect.stringContaining(`partition table: ${header === primary ? 'primary' : 'backup'} header: `),
          ]);
          expect(partitions).toHaveLength(7);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('names copies that are each sound but differ', async () => {
    const bytes = copy();
    const other = diskOf([{ name: 'Other', size: DISK.length - 2 * MIB }]).bytes;
    bytes.set(other.subarray(-33 * 512), DISK.length - 33 * 512);
    expect((await inspect(bytes)).faults).toEqual(['partition table: the two copies differ: entries']);
  });

  it('says of what has no table that it has none', async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(511), new Uint8Array(4 * MIB), noise]) {
      const { gpt, partitions, faults } = await inspect(bytes);
      expect({ gpt, partitions }).toEqual({ gpt: null, partitions: [] });
      expect(faults).toEqual([expect.stringMatching(/no partition table|is not inside a disk/)]);
    }
  });

  it('names the end that a disk cut short has lost, wherever it was cut', async () => {
    const ends = fc.oneof(
      fc.nat(DISK.length - 1),
      fc.constantFrom(
        0,
        1,
        512,
        1024,
        17_408,
        DISK.length - 1,
        DISK.length - 512,
        ...PARTITIONS.flatMap(({ start, end }) => [start, start + 1024, end]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(ends, async end => {
        const { faults, partitions } = await inspect(DISK.subarray(0, end));
        expect(faults.length).toBeGreaterThan(0);
        // From there on the primary table is whole: everything is told that is still there.
        if (end < 17_408) expect(partitions).toEqual([]);
        else expect(faults).toContainEqual(expect.stringMatching(/cut short|is not inside a disk/));
      }),
      { numRuns: 60 },
    );
  });

  it('throws nothing, whatever bytes are changed, and reads little', async () => {
    const interesting = fc.oneof(
      fc.integer({ min: 446, max: 17_408 }),
      ...PARTITIONS.map(({ start }) => fc.integer({ min: start, max: start + 20_480 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(interesting, fc.nat(255)), { minLength: 1, maxLength: 8 }), async changes => {
        const bytes = copy();
        for (const [at, value] of changes) bytes[at] = value;
        const spy = spyOn(bytes);
        const found = await inspectImage(
          {
            ...rawImage(bytes),
            read: async (offset, length) => {
              if (offset < 0 || offset + length > bytes.length) throw new FormatFault('outside', '');
              return spy.read(offset, length);
            },
          },
          FILES,
        );
        expect(found).toHaveProperty('faults');
        expect(spy.total()).toBeLessThan(12 * MIB);
      }),
      { numRuns: 80 },
    );
  });
});

describe('inspectImage, on a VHDX', () => {
  it.each([false, true])('tells the container, fixed: %s', async fixed => {
    const file = join(scratch, `kelp-${String(fixed)}.vhdx`);
    const shape = { fixed, blockSize: 2 * MIB, creator: 'kelp 7' };
    const ids = {
      fileWriteGuid: '11111111-aaaa-4bbb-8ccc-0123456789ab',
      dataWriteGuid: '22222222-aaaa-4bbb-8ccc-0123456789ab',
      diskId: '33333333-aaaa-4bbb-8ccc-0123456789ab',
    };
    const map = {
      size: DISK.length,
      logicalSectorSize: 512,
      physicalSectorSize: 4096,
      extents: [{ start: 0, bytes: DISK }],
    };
    const written = await writeVhdx(map, file, {
      ...shape,
      ...ids,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const found = await withImage(file, async image => inspectImage(image, FILES));
    expect(found.faults).toEqual([]);
    expect(found.container).toEqual({
      format: 'vhdx',
      size: DISK.length,
      fileSize: written.fileSize,
      sectorSize: 512,
      vhdx: {
        subformat: fixed ? 'fixed' : 'dynamic',
        physicalSectorSize: 4096,
        blockSize: 2 * MIB,
        blocks: { present: written.presentBlocks, total: Math.ceil(DISK.length / (2 * MIB)) },
        creator: 'kelp 7',
        ...ids,
        log: { state: 'empty', size: MIB },
      },
    });
    expect(found.partitions).toEqual((await inspect(DISK)).partitions);
  });
});
