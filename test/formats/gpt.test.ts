import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { encodeGpt, type GptPartition, type GptTable, gptReserved } from '../../pipeline/formats/gpt.ts';
import { decodeGpt } from '../../pipeline/formats/gpt-read.ts';
import { PARTITION_TYPES } from '../../pipeline/formats/guid.ts';

const MIB = 2 ** 20;

function partition(changes: Partial<GptPartition> = {}): GptPartition {
  return {
    number: 3,
    name: 'KelpRoot',
    type: PARTITION_TYPES['root-x86-64'],
    uuid: 'a1b2c3d4-1111-4222-8333-0123456789ab',
    start: MIB,
    end: 3 * MIB,
    attributes: [60],
    ...changes,
  };
}

function table(changes: Partial<GptTable> = {}): GptTable {
  const diskGuid = '0f1e2d3c-4b5a-4697-8877-665544332211';
  return { size: 8 * MIB, sectorSize: 512, diskGuid, partitions: [partition()], ...changes };
}

/** A whole disk in memory that carries the table. */
function diskOf(gpt: GptTable): Uint8Array {
  const disk = new Uint8Array(gpt.size);
  const { primary, backup, backupStart } = encodeGpt(gpt);
  disk.set(primary);
  disk.set(backup, backupStart);
  return disk;
}

async function decode(disk: Uint8Array, sectorSize: number) {
  return decodeGpt(
    async (offset, length) => Buffer.from(disk.buffer).subarray(offset, offset + length),
    disk.length,
    sectorSize,
  );
}

const sectorSizes = fc.constantFrom(512, 4096);

/** Partitions between random cuts of the usable area, numbered in any order. */
const tables: fc.Arbitrary<GptTable> = fc
  .record({
    sectorSize: sectorSizes,
    sectors: fc.integer({ min: 200, max: 2000 }),
    cuts: fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { maxLength: 20 }),
    numbers: fc.uniqueArray(fc.integer({ min: 1, max: 128 }), { minLength: 20, maxLength: 20 }),
    names: fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { minLength: 20, maxLength: 20 }),
    uuids: fc.uniqueArray(fc.uuid(), { minLength: 21, maxLength: 21 }),
    attributes: fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { maxLength: 5 }),
    type: fc.constantFrom(...Object.values(PARTITION_TYPES)),
  })
  .map(({ sectorSize, sectors, cuts, numbers, names, uuids, attributes, type }) => {
    const { head, tail } = gptReserved(sectorSize);
    const size = sectors * sectorSize;
    const usable = (size - head - tail) / sectorSize;
    const bounds = [...new Set(cuts.map(cut => head + (cut % (usable + 1)) * sectorSize))].toSorted((a, b) => a - b);
    const partitions = bounds.slice(1).map((end, i) => ({
      number: numbers[i] ?? 0,
      name: (names[i] ?? '').replaceAll('\0', '').slice(0, 36),
      type,
      uuid: uuids[i] ?? '',
      start: bounds[i] ?? 0,
      end,
      attributes: attributes.toSorted((a, b) => a - b),
    }));
    return { size, sectorSize, diskGuid: uuids[20] ?? '', partitions };
  });

describe('encodeGpt', () => {
  it('round-trips through decodeGpt without faults', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async gpt => {
        const { diskGuid, sectorSize } = gpt;
        const partitions = gpt.partitions.toSorted((a, b) => a.number - b.number);
        expect(await decode(diskOf(gpt), sectorSize)).toEqual({ diskGuid, sectorSize, partitions, faults: [] });
      }),
    );
  });

  it.each([
    { sectorSize: 512, first: 34, last: 16_350, entriesAt: 16_351, end: 16_383 },
    { sectorSize: 4096, first: 6, last: 2042, entriesAt: 2043, end: 2047 },
  ])('puts every field where UEFI says, $sectorSize bytes a sector', ({ sectorSize, first, last, entriesAt, end }) => {
    const disk = diskOf(table({ sectorSize }));
    const view = new DataView(disk.buffer);
    const u64 = (at: number) => Number(view.getBigUint64(at, true));
    expect([...disk.subarray(446, 462)]).toEqual([
      0,
      0,
      2,
      0,
      0xee,
      0xff,
      0xff,
      0xff,
      1,
      0,
      0,
      0,
      end & 255,
      end >> 8,
      0,
      0,
    ]);
    expect([disk[510], disk[511]]).toEqual([0x55, 0xaa]);
    const [header, backup] = [sectorSize, end * sectorSize];
    expect(Buffer.from(disk.slice(header, header + 16)).toString('latin1')).toBe('EFI PART\0\0\x01\0\x5c\0\0\0');
    expect([24, 32, 40, 48, 72].map(at => u64(header + at))).toEqual([1, end, first, last, 2]);
    expect([24, 32, 40, 48, 72].map(at => u64(backup + at))).toEqual([end, 1, first, last, entriesAt]);
    expect([view.getUint32(header + 80, true), view.getUint32(header + 84, true)]).toEqual([128, 128]);
    const entry = 2 * sectorSize + 2 * 128;
    expect([u64(entry + 32), u64(entry + 40)]).toEqual([MIB / sectorSize, (3 * MIB) / sectorSize - 1]);
    expect(view.getBigUint64(entry + 48, true)).toBe(1n << 60n);
    expect(disk.slice(entry, entry + 128)).toEqual(
      disk.slice(entriesAt * sectorSize + 256, entriesAt * sectorSize + 384),
    );
  });

  it('fills the protective MBR up at 32 bits', () => {
    const { primary } = encodeGpt(table({ size: 3 * 2 ** 40 }));
    expect([...primary.subarray(458, 462)]).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  it.each<[string, Partial<GptPartition>[], RegExp]>([
    ['a start before the usable area', [{ start: 33 * 512 }], /usable \[17408, 8371712\)/],
    ['an end in the backup table', [{ end: 8 * MIB - 32 * 512 }], /not inside the usable/],
    ['an empty partition', [{ end: MIB }], /empty/],
    ['half a sector', [{ start: MIB + 1 }], /cuts a sector/],
    ['a name of 37 units', [{ name: 'x'.repeat(37) }], /37 UTF-16 units/],
    ['number 0', [{ number: 0 }], /not in 1 to 128/],
    ['number 129', [{ number: 129 }], /not in 1 to 128/],
    ['attribute 64', [{ attributes: [64] }], /attributes 64/],
    ['one number twice', [{}, { start: 4 * MIB, end: 5 * MIB }], /one number/],
    [
      'an overlap',
      [{}, { number: 4, name: 'Surf', start: 2 * MIB }],
      /3 "KelpRoot" \[1048576, 3145728\) overlaps 4 "Surf"/,
    ],
  ])('refuses %s', (_, changes, message) => {
    const partitions = changes.map(change => partition(change));
    expect(() => encodeGpt(table({ partitions }))).toThrow(message);
    expect(() => encodeGpt(table({ partitions }))).toThrow(FormatFault);
  });

  it('refuses odd disks', () => {
    expect(() => encodeGpt(table({ size: 8 * MIB + 1 }))).toThrow(/cannot carry/);
    expect(() => encodeGpt(table({ size: 67 * 512, partitions: [] }))).toThrow(/34304 bytes cannot carry/);
    expect(() => encodeGpt(table({ sectorSize: 1024 }))).toThrow(/neither 512 nor 4096/);
  });
});

describe('decodeGpt', () => {
  const size = 8 * MIB;
  const places = (sectorSize: number) => {
    const { tail } = gptReserved(sectorSize);
    return {
      'primary header': { at: sectorSize, length: 92 },
      'primary entries': { at: 2 * sectorSize, length: 128 * 128 },
      'backup header': { at: size - sectorSize, length: 92 },
      'backup entries': { at: size - tail, length: 128 * 128 },
    };
  };
  const parts = fc.constantFrom<keyof ReturnType<typeof places>>(
    'primary header',
    'primary entries',
    'backup header',
    'backup entries',
  );

  it('reports any changed byte of either copy, names the copy, and answers from the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        sectorSizes,
        parts,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (sectorSize, part, position, flip) => {
          const disk = diskOf(table({ sectorSize }));
          const { at, length } = places(sectorSize)[part];
          const byte = at + (position % length);
          disk[byte] = (disk[byte] ?? 0) ^ flip;
          const { faults, partitions } = await decode(disk, sectorSize);
          expect(faults).toHaveLength(1);
          expect(faults[0]).toContain(part);
          expect(partitions).toEqual([partition()]);
        },
      ),
    );
  });

  it('throws when both copies are gone, with what was wrong with each', async () => {
    const disk = diskOf(table());
    disk.fill(0, 512, 520);
    disk.fill(1, size - 512 - 128, size - 512);
    await expect(decode(disk, 512)).rejects.toThrow(/primary header: no signature.*backup entries: CRC-32/);
    await expect(decode(disk, 512)).rejects.toThrow(FormatFault);
  });

  it('throws for the wrong sector size', async () => {
    await expect(decode(diskOf(table()), 4096)).rejects.toThrow(/no partition table/);
  });

  it('reports a missing protective MBR', async () => {
    const disk = diskOf(table());
    disk[450] = 0x83;
    expect((await decode(disk, 512)).faults).toEqual([expect.stringContaining('protective MBR')]);
  });

  it('reports a disk that was grown', async () => {
    const grown = new Uint8Array(9 * MIB);
    grown.set(diskOf(table()));
    const { faults } = await decode(grown, 512);
    expect(faults).toEqual([
      expect.stringContaining('backup header: no signature'),
      "primary header: the backup is said to be in sector 16383, the disk's last is 18431",
    ]);
  });

  it('reports a disk that was cut short, with the partitions it had', async () => {
    const far = partition({
      number: 7,
      name: 'Surf',
      uuid: 'b1b2c3d4-1111-4222-8333-0123456789ab',
      start: 4 * MIB,
      end: 7 * MIB,
    });
    const disk = diskOf(table({ partitions: [partition(), far] }));
    const { faults, partitions } = await decode(disk.slice(0, 5 * MIB), 512);
    expect(faults).toEqual([
      expect.stringContaining('backup header: no signature'),
      "primary header: the backup is said to be in sector 16383, the disk's last is 10239: the disk is cut short",
      'partition 7 [4194304, 7340032) is not inside [17408, 5242880)',
    ]);
    expect(partitions).toEqual([partition(), far]);
  });

  it('refuses usable sectors behind the end that the header itself names', async () => {
    const disk = withHeader(diskOf(table()), { at: 48, value: 16_383 });
    await expect(decode(disk, 512)).rejects.toThrow(
      /primary header: usable sectors \[34, 16384\) of 16384; backup header: entries/,
    );
  });

  it('reports copies that are each sound but differ', async () => {
    const disk = diskOf(table());
    const other = encodeGpt(
      table({ diskGuid: 'ffffffff-4b5a-4697-8877-665544332211', partitions: [partition({ name: 'Other' })] }),
    );
    disk.set(other.backup, other.backupStart);
    const { faults, partitions } = await decode(disk, 512);
    expect(faults).toEqual(['the two copies differ: disk GUID', 'the two copies differ: entries']);
    expect(partitions[0]?.name).toBe('KelpRoot');
  });

  it('reports partitions that overlap, lie outside, or share a GUID', async () => {
    // A table for a larger disk, whose second partition is moved by hand; CRCs as encodeGpt would compute them.
    const far = partition({ number: 4, start: 4 * MIB, end: 5 * MIB });
    const sound = diskOf(table({ partitions: [partition(), far] }));
    const moved = withEntryAt(sound, { start: 2 * MIB, end: 9 * MIB });
    const { faults } = await decode(moved, 512);
    expect(faults).toEqual([
      'partition 4 [2097152, 9437184) is not inside [17408, 8371712)',
      'partition 3 "KelpRoot" [1048576, 3145728) overlaps 4 "KelpRoot" [2097152, 9437184)',
      'two partitions have one GUID',
    ]);
  });
});

/** Moves partition 4 in both copies of a 512-byte-sector disk and mends all CRCs. */
function withEntryAt(disk: Uint8Array, { start, end }: { start: number; end: number }): Uint8Array {
  const moved = disk.slice();
  const view = new DataView(moved.buffer);
  for (const [header, entries] of [
    [512, 1024],
    [moved.length - 512, moved.length - 512 - 16_384],
  ] as const) {
    view.setBigUint64(entries + 3 * 128 + 32, BigInt(start / 512), true);
    view.setBigUint64(entries + 3 * 128 + 40, BigInt(end / 512 - 1), true);
    view.setUint32(header + 88, crc32(moved.subarray(entries, entries + 16_384)), true);
    view.setUint32(header + 16, 0, true);
    view.setUint32(header + 16, crc32(moved.subarray(header, header + 92)), true);
  }
  return moved;
}

/** Changes a number of both headers of a 512-byte-sector disk and mends their CRCs. */
function withHeader(disk: Uint8Array, { at, value }: { at: number; value: number }): Uint8Array {
  const view = new DataView(disk.buffer);
  for (const header of [512, disk.length - 512]) {
    view.setBigUint64(header + at, BigInt(value), true);
    view.setUint32(header + 16, 0, true);
    view.setUint32(header + 16, crc32(disk.subarray(header, header + 92)), true);
  }
  return disk;
}
