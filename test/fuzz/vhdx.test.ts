import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectImage } from '../../pipeline/disk/inspect.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { crc32c } from '../../pipeline/formats/crc32c.ts';
import { decodeVhdx } from '../../pipeline/formats/vhdx/decode.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { memoryFile, SHAPE } from '../formats/vhdx/memory-file.ts';
import { answerOf, boundedRead, edited, editsOf, mustHaveTried, type Edit, type Field } from './bytes.ts';
import { PATIENCE, runs } from './runs.ts';

const folder = scratchDirectory();
const KIB = 2 ** 10;
const MIB = 2 ** 20;
const HEADERS = { first: 64 * KIB, second: 128 * KIB, length: 4 * KIB };
const TABLES = { first: 192 * KIB, second: 256 * KIB, length: 64 * KIB };
const METADATA = 2 * MIB;
const BAT = 3 * MIB;
/** Payload is never looked at: the file ends there for the fuzzer, and keeps its length for the reader. */
const HEAD = BAT + 4 * KIB;
const FILE = memoryFile();
const BASE = FILE.slice(0, HEAD);

const at = (start: number, ...fields: (readonly [number, Field['width']])[]): Field[] =>
  fields.map(([offset, width]) => ({ at: start + offset, width }));
const header = (start: number): Field[] =>
  at(start, [0, 4], [4, 4], [8, 8], [16, 16], [32, 16], [48, 16], [64, 2], [66, 2], [68, 4], [72, 8]);
const regions = (start: number): Field[] => [
  ...at(start, [0, 4], [4, 4], [8, 4], [12, 4]),
  ...[0, 1, 2].flatMap(entry => at(start + 16 + 32 * entry, [0, 16], [16, 8], [24, 4], [28, 4])),
];
const metadata: Field[] = [
  ...at(METADATA, [0, 8], [8, 2], [10, 2]),
  ...[1, 2, 3, 4, 5, 6].flatMap(entry => at(METADATA + 32 * entry, [0, 16], [16, 4], [20, 4], [24, 4], [28, 4])),
  ...at(METADATA + 64 * KIB, [0, 4], [4, 4], [8, 8], [16, 16], [32, 4], [36, 4]),
];
const bat: Field[] = Array.from({ length: 8 }, (_, entry) => ({ at: BAT + 8 * entry, width: 8 }));
/** How large the disk says that it is decides how much is read. */
const size: Field[] = Array.from({ length: 12 }, () => ({ at: METADATA + 64 * KIB + 8, width: 8 }));
const FIELDS = [...size, ...header(HEADERS.first), ...regions(TABLES.first), ...metadata, ...metadata, ...bat];

/** Both copies get what one gets, so that the sound one is no way out, and checksums that fit, so that they are believed. */
const files = fc.record({
  edits: editsOf(BASE, FIELDS),
  twice: fc.integer({ min: 0, max: 3 }).map(value => value > 0),
  signed: fc.integer({ min: 0, max: 3 }).map(value => value > 0),
  length: fc.oneof(
    { weight: 3, arbitrary: fc.constant(FILE.length) },
    fc.nat(2 * FILE.length),
    fc.constantFrom(0, 8, 64 * KIB, MIB, BAT, FILE.length - 1, FILE.length + 1, 2 ** 32, 2 ** 32, 2 ** 33, 2 ** 36),
  ),
});

test(
  'any VHDX is one whose blocks stand in the file, or a FormatFault',
  async () => {
    const tally = { answered: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(files, async ({ length, ...changes }) => {
        const bytes = fileOf(changes).subarray(0, length);
        // The largest disk has 512 MiB of table, in pages of 128 KiB; all others far less.
        const read = boundedRead(bytes, { reads: 5000, most: MIB, length });
        const found = await answerOf(async () => {
          const vhdx = await decodeVhdx(read, length);
          for (let block = 0; block < Math.min(vhdx.blockCount, 50); block += 1) {
            const start = await vhdx.blockOffset(block);
            expect(start === null || (start >= MIB && start + vhdx.blockSize <= length)).toBe(true);
          }
          return vhdx;
        });
        tally[found === null ? 'refused' : 'answered'] += 1;
        if (found === null) return;
        const table = found.regions.find(({ name }) => name === 'BAT');
        expect(found.blockCount * 8).toBeLessThanOrEqual(table?.length ?? 0);
        expect(found.presentBlocks * found.blockSize).toBeLessThanOrEqual(length);
        expect(found.blockCount * found.blockSize).toBeGreaterThanOrEqual(found.size);
        expect(found.presentBlocks).toBeLessThanOrEqual(found.blockCount);
      }),
      runs(),
    );
    mustHaveTried(tally);
  },
  PATIENCE,
);

test(
  'and so as a file, with a disk in it that anybody may look at',
  async () => {
    const name = join(folder, 'hostile.vhdx');
    await fc.assert(
      fc.asyncProperty(files, async ({ length, ...changes }) => {
        const file = await open(name, 'w');
        await file.write(fileOf(changes).subarray(0, length));
        await file.truncate(length);
        await file.close();
        await answerOf(async () =>
          withImage(name, async image => {
            await inspectImage(image, 'nobody has the programs');
            if (image.size > 0) await image.read(Math.max(0, image.size - 5000), Math.min(5000, image.size));
          }),
        );
      }),
      runs(0.1),
    );
    await rm(name, { force: true });
  },
  PATIENCE,
);

function fileOf({ edits, twice, signed }: { edits: readonly Edit[]; twice: boolean; signed: boolean }): Uint8Array {
  const all = twice ? [...edits, ...edits.flatMap(twin)] : edits;
  const bytes = edited(BASE, all);
  if (signed)
    for (const { first, second, length } of [HEADERS, TABLES])
      for (const start of [first, second])
        if (all.some(edit => edit.at >= start && edit.at < start + length)) sign(bytes, { start, length });
  return bytes;
}

/** The same change in the other copy. */
function twin({ at: place, bytes }: Edit): Edit[] {
  return [HEADERS, TABLES].flatMap(({ first, second, length }) =>
    place >= first && place < first + length ? [{ at: place - first + second, bytes }] : [],
  );
}

function sign(bytes: Uint8Array, { start, length }: { start: number; length: number }): void {
  const view = new DataView(bytes.buffer);
  view.setUint32(start + 4, 0, true);
  view.setUint32(start + 4, crc32c(bytes.subarray(start, start + length)), true);
}

test('what is not changed is read as it is', async () => {
  const vhdx = await decodeVhdx(boundedRead(FILE, { reads: 100, most: MIB }), FILE.length);
  expect(vhdx).toMatchObject(SHAPE);
});
