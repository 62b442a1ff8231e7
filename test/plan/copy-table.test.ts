import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeGpt, gptReserved, type GptPartition } from '../../pipeline/formats/gpt.ts';
import { copyTable } from '../../pipeline/plan/copy-table.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

function guids(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}`;
}

function part(number: number, name: string, [start, end]: [number, number]): GptPartition {
  const type = number % 2 === 0 ? '0fc63daf-8483-4772-8e79-3d69d8477de4' : 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
  const uuid = `99999999-0000-4000-8000-${String(number).padStart(12, '0')}`;
  return { number, name, type, uuid, start, end, attributes: number % 3 === 0 ? [60, 63] : [] };
}

/** Boot, Tide, Hold, with a gap of 3 MiB before Tide; numbers are not in the order of their places. */
const reef = {
  size: 100 * MIB,
  sectorSize: 512,
  partitions: [
    part(1, 'Boot', [MIB, 9 * MIB]),
    part(7, 'Hold', [40 * MIB, 90 * MIB]),
    part(3, 'Tide', [12 * MIB, 40 * MIB]),
  ],
};

const places = (sizes: [number, number][]) => {
  const { size, partitions } = copyTable(reef, { sizes: new Map(sizes), newGuid: guids() });
  return {
    size: size / MIB,
    places: partitions.map(({ name, start, end }) => [name, start / MIB, end / MIB]),
  };
};

describe('the table of a copy', () => {
  it('has every place of the image when no size is asked for, and the room behind', () =>
    expect(places([])).toEqual({
      size: 100,
      places: [
        ['Boot', 1, 9],
        ['Tide', 12, 40],
        ['Hold', 40, 90],
      ],
    }));

  it('moves what stands behind a larger one, and keeps the room behind the last', () =>
    expect(places([[3, 64 * MIB]])).toEqual({
      size: 136,
      places: [
        ['Boot', 1, 9],
        ['Tide', 12, 76],
        ['Hold', 76, 126],
      ],
    }));

  it('ends right behind a last one of a size that was asked for', () =>
    expect(places([[7, 2 * GIB]])).toEqual({
      size: 40 + 2048 + 1,
      places: [
        ['Boot', 1, 9],
        ['Tide', 12, 40],
        ['Hold', 40, 2088],
      ],
    }));

  it('shrinks too', () =>
    expect(
      places([
        [3, MIB],
        [7, 2 * MIB],
      ]),
    ).toMatchObject({ size: 16 }));

  it('begins each one that moves at a whole MiB, wherever the one before ends', () => {
    const odd = {
      ...reef,
      partitions: [
        part(1, 'Tide', [MIB, 9 * MIB - 4096]),
        part(2, 'Kelp', [9 * MIB - 4096, 9 * MIB]),
        part(3, 'Hold', [9 * MIB, 90 * MIB]),
      ],
    };
    const { partitions } = copyTable(odd, { sizes: new Map([[1, 2 * MIB]]), newGuid: guids() });
    expect(partitions.map(({ start, end }) => [start, end])).toEqual([
      [MIB, 3 * MIB],
      [3 * MIB, 3 * MIB + 4096],
      [4 * MIB, 85 * MIB],
    ]);
  });

  it('is one that a disk can have, whatever is asked: apart, in order, aligned, with ids of its own', () => {
    const sizes = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.nat(3), fc.option(fc.integer({ min: 1, max: 2 ** 21 }))),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(sizes, fc.constantFrom(512, 4096), fc.nat(64), (rows, sectorSize, behind) => {
        let end = MIB;
        const partitions = rows.map(([size, gap], index) => {
          const start = end + gap * MIB;
          end = start + size * MIB;
          return part(index + 1, `P${index}`, [start, end]);
        });
        const image = { size: end + (behind + 1) * MIB, sectorSize, partitions };
        const wanted = new Map(
          rows.flatMap(([, , size], index): [number, number][] => (size === null ? [] : [[index + 1, size * MIB]])),
        );
        const copy = copyTable(image, { sizes: wanted, newGuid: guids() });
        // Refuses what overlaps, is empty, or lies outside.
        encodeGpt(copy);
        for (const [index, each] of copy.partitions.entries()) {
          const old = partitions[index];
          expect(each).toMatchObject({ name: old?.name, type: old?.type, attributes: old?.attributes });
          expect(each.from).toEqual({ start: old?.start, end: old?.end });
          expect(each.start % MIB).toBe(0);
          expect(each.end - each.start).toBe(wanted.get(each.number) ?? (old?.end ?? 0) - (old?.start ?? 0));
          const before = copy.partitions[index - 1];
          if (before !== undefined) expect(each.start).toBeGreaterThanOrEqual(before.end);
        }
        const ids = [copy.diskGuid, ...copy.partitions.map(each => each.uuid), ...partitions.map(each => each.uuid)];
        expect(new Set(ids).size).toBe(ids.length);
        const room = copy.size - (copy.partitions.at(-1)?.end ?? 0);
        if (wanted.has(rows.length)) expect(room).toBe(Math.ceil(gptReserved(sectorSize).tail / MIB) * MIB);
        else expect(room).toBe((behind + 1) * MIB);
      }),
    );
  });
});
