import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareDisks, differentRanges, type ComparedImage } from '../../pipeline/disk/compare.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { writeVhdx } from '../../pipeline/disk/write.ts';
import { diskOf, MIB, rawImage } from './inspect/image.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const { signal } = new AbortController();
const { bytes: DISK, partitions } = diskOf([
  { name: 'Keel', type: 'esp', size: 3 * MIB, content: Uint8Array.from({ length: 2 * MIB }, (_, i) => i % 251) },
  { name: 'Hold', type: 'linux', size: 2 * MIB },
]);
const startOf = (name: string): number => partitions.find(each => each.name === name)?.start ?? 0;
const [KEEL, HOLD] = [startOf('Keel'), startOf('Hold')];

/** The disk with these bytes turned over. */
function altered(...places: number[]): ComparedImage {
  const bytes = new Uint8Array(DISK);
  for (const at of places) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return rawImage(bytes);
}

const compare = async (a: ComparedImage, b: ComparedImage) => compareDisks(a, b, signal);

it('finds nothing in disks of the same bytes', async () =>
  expect(await compare(rawImage(DISK), rawImage(new Uint8Array(DISK)))).toEqual([]));

it('names the partition, and the range in it, half open', async () =>
  expect(await compare(rawImage(DISK), altered(HOLD + MIB - 1, HOLD + MIB, HOLD + MIB + 1))).toEqual([
    {
      partition: 'Hold',
      start: HOLD,
      end: HOLD + 2 * MIB,
      differences: { bytes: 3, count: 1, ranges: [{ start: MIB - 1, end: MIB + 2 }] },
    },
  ]));

it('names each partition that differs, and what is in none', async () => {
  const found = await compare(rawImage(DISK), altered(40, KEEL + 5, HOLD));
  expect(found.map(each => [each.partition, each.differences.ranges])).toEqual([
    ['', [{ start: 40, end: 41 }]],
    ['Keel', [{ start: 5, end: 6 }]],
    ['Hold', [{ start: 0, end: 1 }]],
  ]);
});

it('joins ranges with less than a sector between them, and counts the bytes that differ', async () => {
  const [found] = await compare(rawImage(DISK), altered(KEEL + 700, KEEL + 1211, KEEL + 1724));
  expect(found?.differences).toEqual({
    bytes: 3,
    count: 2,
    ranges: [
      { start: 700, end: 1212 },
      { start: 1724, end: 1725 },
    ],
  });
});

it('keeps the first eight of many ranges, and counts all', async () => {
  const places = Array.from({ length: 20 }, (_, i) => KEEL + i * 4096);
  const [found] = await compare(rawImage(DISK), altered(...places));
  expect(found?.differences).toMatchObject({ bytes: 20, count: 20, ranges: { length: 8 } });
});

it('tells of a disk that goes on', async () => {
  const longer = rawImage(Buffer.concat([DISK, Buffer.alloc(4096)]));
  expect((await compare(rawImage(DISK), longer)).at(-1)).toEqual({
    partition: '',
    start: DISK.length,
    end: DISK.length + 4096,
    differences: { bytes: 4096, count: 1, ranges: [{ start: 0, end: 4096 }] },
  });
});

it('reads nothing that neither of two VHDX carries', async () => {
  const size = 2 ** 41;
  const { bytes } = diskOf([{ name: 'Keel', type: 'esp', size: MIB }]);
  const write = async (name: string, fill: number): Promise<string> => {
    const extents = [
      { start: 0, bytes },
      { start: size - 4096, bytes: Buffer.alloc(512, fill) },
    ];
    const id = '33333333-aaaa-4bbb-8ccc-0123456789ab';
    const guids = { fileWriteGuid: id, dataWriteGuid: id, diskId: id, creator: 'kelp 7' };
    const map = { size, extents, logicalSectorSize: 512, physicalSectorSize: 4096 };
    const file = join(scratch, name);
    await writeVhdx(map, file, { ...guids, fixed: false, blockSize: MIB, signal, onProgress: () => undefined });
    return file;
  };
  const [a, b] = [await write('a.vhdx', 1), await write('b.vhdx', 2)];
  const found = await withImage(a, async first => withImage(b, async second => compare(first, second)));
  expect(found.map(each => [each.partition, each.start + (each.differences.ranges[0]?.start ?? 0)])).toEqual([
    ['', size - 4096],
  ]);
});

it('finds every byte that differs, and no other', () =>
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), fc.uint8Array({ maxLength: 30 }), (a, changes) => {
      const b = new Uint8Array(a);
      changes.forEach((value, index) => (b[(index * 97) % a.length] = value));
      const found = new Set<number>();
      for (const { start, end } of differentRanges(a, b)) for (let at = start; at < end; at += 1) found.add(at);
      expect([...found]).toEqual([...a.keys()].filter(at => a[at] !== b[at]));
    }),
  ));
