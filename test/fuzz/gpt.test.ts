import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectImage } from '../../pipeline/disk/inspect.ts';
import type { DiskImage } from '../../pipeline/disk/read.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { encodeGpt, type GptPartition } from '../../pipeline/formats/gpt.ts';
import { decodeGpt } from '../../pipeline/formats/gpt-read.ts';
import { PARTITION_TYPES } from '../../pipeline/formats/guid.ts';
import { drawInspection } from '../../pipeline/report/inspection.ts';
import { answerOf, boundedRead, edited, editsOf, mustHaveTried, type Edit, type Field } from './bytes.ts';
import { PATIENCE, runs } from './runs.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const DISKS = [512, 4096].map(sectorSize => {
  const head = sectorSize === 512 ? 64 : 48;
  const partitions = [0, 1, 2, 3].map((index): GptPartition => ({
    number: index * 2 + 1,
    name: `Hull${index}`,
    type: PARTITION_TYPES[index === 0 ? 'esp' : 'root-x86-64'],
    uuid: `a1b2c3d4-1111-4222-8333-01234567890${index}`,
    start: (head + index * 16) * KIB,
    end: (head + index * 16 + 16) * KIB,
    attributes: [60],
  }));
  const size = 192 * KIB;
  const gpt = encodeGpt({ size, sectorSize, diskGuid: '0f1e2d3c-4b5a-4697-8877-665544332211', partitions });
  const bytes = new Uint8Array(size);
  bytes.set(gpt.primary);
  bytes.set(gpt.backup, gpt.backupStart);
  const places = [
    { header: sectorSize, entries: 2 * sectorSize },
    { header: size - sectorSize, entries: gpt.backupStart },
  ] as const;
  const fields = places.flatMap(({ header, entries }) => [...headerFields(header), ...entryFields(entries)]);
  const edits = editsOf(bytes, [...fields, { at: 450, width: 1 }, { at: 454, width: 4 }, { at: 510, width: 2 }]);
  return { sectorSize, bytes, places, edits };
});

const disks = fc.constantFrom(...DISKS).chain(({ edits, ...disk }) =>
  fc.record({
    disk: fc.constant(disk),
    edits,
    twice: fc.boolean(),
    signed: fc.integer({ min: 0, max: 3 }).map(value => value > 0),
    length: fc.oneof(
      { weight: 6, arbitrary: fc.constant(disk.bytes.length) },
      fc.nat(disk.bytes.length),
      fc.constantFrom(0, 1, 511, 512, 513, 1024, 4096, 8192, 2 ** 32, 2 ** 46, 2 ** 46),
    ),
  }),
);

test(
  'any partition table is one with all that is wrong with it, or a FormatFault',
  async () => {
    const tally = { answered: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(disks, async ({ disk, length, ...changes }) => {
        const bytes = diskOf(disk, changes).subarray(0, length);
        const found = await answerOf(async () =>
          decodeGpt(boundedRead(bytes, { reads: 5, most: MIB, length }), length, disk.sectorSize),
        );
        tally[found === null ? 'refused' : 'answered'] += 1;
        if (found === null) return;
        for (const fault of found.faults) expect(fault).not.toMatch(/undefined|NaN|\[object/);
        if (found.faults.length > 0) return;
        const sorted = found.partitions.toSorted((a, b) => a.start - b.start);
        for (const [index, { start, end }] of sorted.entries()) {
          expect((start % disk.sectorSize) + (end % disk.sectorSize)).toBe(0);
          expect(start).toBeGreaterThanOrEqual(sorted[index - 1]?.end ?? 2 * disk.sectorSize);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(length);
        }
      }),
      runs(),
    );
    mustHaveTried(tally);
  },
  PATIENCE,
);

test(
  'and whoever looks at the disk is told what is wrong',
  async () => {
    await fc.assert(
      fc.asyncProperty(disks, async ({ disk, length, ...changes }) => {
        const image = imageOf(diskOf(disk, changes).subarray(0, length), disk.sectorSize);
        const inspection = await inspectImage(image, 'nobody has the programs');
        const drawn = drawInspection('hostile', inspection, { color: false, unicode: true, width: 100 });
        // oxlint-disable-next-line no-control-regex
        expect(drawn).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        expect(JSON.stringify(inspection).length).toBeLessThan(8 * MIB);
      }),
      runs(0.25),
    );
  },
  PATIENCE,
);

function headerFields(start: number): Field[] {
  const widths = { 8: 4, 12: 4, 16: 4, 20: 4, 24: 8, 32: 8, 40: 8, 48: 8, 56: 16, 72: 8, 80: 4, 84: 4, 88: 4 } as const;
  return Object.entries(widths).map(([at, width]) => ({ at: start + Number(at), width }));
}

function entryFields(start: number): Field[] {
  return [0, 2, 4, 6, 1].flatMap(index =>
    (
      [
        [0, 16],
        [16, 16],
        [32, 8],
        [40, 8],
        [48, 8],
        [56, 8],
      ] as const
    ).map(([at, width]) => ({ at: start + index * 128 + at, width })),
  );
}

type Disk = Omit<(typeof DISKS)[number], 'edits'>;

/** With the same changes in both copies, and with checksums that fit, or without. */
function diskOf(
  { bytes: base, places }: Disk,
  { edits, twice, signed }: { edits: readonly Edit[]; twice: boolean; signed: boolean },
): Uint8Array {
  const [primary, backup] = places;
  const twins = edits.flatMap(({ at, bytes }) => [
    ...(at >= primary.entries && at < primary.entries + 16 * KIB
      ? [{ at: at - primary.entries + backup.entries, bytes }]
      : []),
    ...(at >= primary.header && at < primary.header + 92 ? [{ at: at - primary.header + backup.header, bytes }] : []),
  ]);
  const bytes = edited(base, twice ? [...edits, ...twins] : edits);
  if (signed) for (const { header } of places) sign(bytes, header, base.length);
  return bytes;
}

/** As a program would that believes its own header. */
function sign(bytes: Uint8Array, header: number, size: number): void {
  const view = new DataView(bytes.buffer);
  const sector = header < 8192 ? header : size - header;
  const entries = Number(view.getBigUint64(header + 72, true)) * sector;
  const length = view.getUint32(header + 80, true) * view.getUint32(header + 84, true);
  if (entries + length <= size) view.setUint32(header + 88, crc32(bytes.subarray(entries, entries + length)), true);
  const own = Math.min(view.getUint32(header + 12, true), sector);
  view.setUint32(header + 16, 0, true);
  view.setUint32(header + 16, crc32(bytes.subarray(header, header + own)), true);
}

/** As disk/read.ts opens a raw file. */
function imageOf(bytes: Uint8Array, sectorSize: number): DiskImage {
  const read = boundedRead(bytes, { reads: 2 ** 16, most: 4 * MIB });
  const { length: size } = bytes;
  return {
    format: 'raw',
    size,
    fileSize: size,
    sectorSize,
    vhdx: null,
    read: async (offset, length) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw new FormatFault('outside of the disk', '');
      return read(offset, length);
    },
  };
}
