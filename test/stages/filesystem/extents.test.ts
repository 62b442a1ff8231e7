import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataExtents } from '../../../pipeline/stages/filesystem/extents.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { contextOf } from '../context.ts';

const GRANULE = 65_536;
const folder = scratchDirectory();

interface Row {
  start: number;
  length: number;
  data: boolean;
}

/** The extents of a file whose host says `rows` of it. */
async function extentsOf(bytes: Buffer, rows: readonly Row[]): Promise<[number, number][]> {
  const context = contextOf(folder, { run: () => JSON.stringify(rows) });
  writeFileSync(context.out, bytes);
  const extents = await dataExtents(context);
  expect(context.calls.map(({ program, args }) => [program, ...args])).toEqual([
    ['qemu-img', 'map', '--format=raw', '--output=json', '/mnt/work/artifact'],
  ]);
  return extents;
}

/** Granule by granule, whatever the host says. */
function granulesWithData(bytes: Buffer): number[] {
  const count = Math.ceil(bytes.length / GRANULE);
  return Array.from({ length: count }, (_, index) => index).filter(index =>
    bytes.subarray(index * GRANULE, (index + 1) * GRANULE).some(byte => byte !== 0),
  );
}

const granulesOf = (extents: readonly [number, number][]): number[] =>
  extents.flatMap(([start, length]) =>
    Array.from({ length: Math.ceil(length / GRANULE) }, (_, index) => start / GRANULE + index),
  );

describe('dataExtents', () => {
  test('whole granules, neighbours as one, the last as long as the file goes', async () => {
    const bytes = Buffer.alloc(40 * GRANULE + 700);
    for (const at of [3 * GRANULE - 1, 3 * GRANULE, 20 * GRANULE + 9, 40 * GRANULE + 699]) bytes[at] = 1;
    expect(await extentsOf(bytes, [{ start: 0, length: bytes.length, data: true }])).toEqual([
      [2 * GRANULE, 2 * GRANULE],
      [20 * GRANULE, GRANULE],
      [40 * GRANULE, 700],
    ]);
  });

  test('what the host calls a hole is not read, what it calls data is, in full granules', async () => {
    const bytes = Buffer.alloc(9 * GRANULE, 1);
    const rows = [
      { start: 0, length: GRANULE + 4096, data: false },
      { start: GRANULE + 4096, length: 4096, data: true },
      { start: GRANULE + 8192, length: 4096, data: true },
      { start: GRANULE + 12_288, length: 5 * GRANULE, data: false },
      { start: 6 * GRANULE + 12_288, length: 100 * GRANULE, data: true },
    ];
    expect(await extentsOf(bytes, rows)).toEqual([
      [GRANULE, GRANULE],
      [6 * GRANULE, 3 * GRANULE],
    ]);
  });

  test.each([
    ['an empty file', 0],
    ['a file of zeros', 5 * GRANULE],
  ])('%s has none', async (_, length) => {
    expect(await extentsOf(Buffer.alloc(length), [{ start: 0, length, data: true }])).toEqual([]);
  });

  test('equal bytes give equal extents, wherever the host keeps holes', async () => {
    const PAGE = 4096;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(30 * 16 - 1), { maxLength: 20 }),
        fc.array(fc.boolean(), { minLength: 30 * 16, maxLength: 30 * 16 }),
        fc.integer({ min: 1, max: PAGE }),
        async (pages, allocated, tail) => {
          const bytes = Buffer.alloc(29 * GRANULE + 15 * PAGE + tail);
          for (const page of pages) bytes[Math.min(page * PAGE + 77, bytes.length - 1)] = 9;
          // Of a page without data the host may say either.
          const rows = allocated.map((kept, page) => {
            const start = page * PAGE;
            const own = bytes.subarray(start, start + PAGE);
            return { start, length: own.length, data: kept || own.some(byte => byte !== 0) };
          });
          const extents = await extentsOf(bytes, rows);
          expect(granulesOf(extents)).toEqual(granulesWithData(bytes));
          for (const [index, [start]] of extents.entries()) {
            const [before, length] = extents[index - 1] ?? [-2, 1];
            expect(start).toBeGreaterThan(before + length);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
