import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWriteLog } from '../../pipeline/formats/write-log.ts';
import { stateAfter } from '../../pipeline/powercut/states.ts';
import { contentName, piecesIn, withPiece, writtenDisk, type Piece } from '../../pipeline/powercut/written-disk.ts';
import { captured, WRITTEN_DISK } from '../formats/captured.ts';
import { spyOn } from '../formats/made.ts';

const SIZE = 64;
const BASE = Uint8Array.from({ length: SIZE }, (_, at) => at);
const LOG = Uint8Array.from({ length: 256 }, (_, at) => 255 - (at % 190));
const pieces = fc.array(
  fc
    .tuple(fc.nat(SIZE), fc.nat(SIZE), fc.option(fc.nat(180)))
    .map(([a, b, at]): Piece => ({ start: Math.min(a, b), end: Math.max(a, b), at })),
  { maxLength: 12 },
);

function applied(written: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of written) withPiece(all, piece);
  return all;
}

function copied(written: readonly Piece[]): Uint8Array {
  const bytes = Uint8Array.from(BASE);
  for (const { start, end, at } of written)
    bytes.set(at === null ? new Uint8Array(end - start) : LOG.subarray(at, at + end - start), start);
  return bytes;
}

const diskOf = (all: readonly Piece[]) => writtenDisk(all, { base: spyOn(BASE).read, log: spyOn(LOG).read });

describe('a written disk', () => {
  it('reads as a copy into which everything was written, in any window', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat(SIZE), fc.nat(SIZE), async (written, a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const read = diskOf(applied(written));
        expect([...(await read(start, end - start))]).toEqual([...copied(written).subarray(start, end)]);
      }),
    );
  });

  it('keeps its pieces in order, none over another and none empty', () => {
    fc.assert(
      fc.property(pieces, written => {
        const all = applied(written);
        all.forEach(({ start, end }, index) => {
          expect(start).toBeLessThan(end);
          expect(start).toBeGreaterThanOrEqual(all[index - 1]?.end ?? 0);
        });
      }),
    );
  });

  it('is that of QEMU after all that its log holds', async () => {
    const log = captured('writes.log');
    const { entries } = await readWriteLog(spyOn(log).read, log.length);
    const base = spyOn(new Uint8Array(2 ** 20)).read;
    const disk = writtenDisk(stateAfter(entries, entries.length), { base, log: spyOn(log).read });
    expect(
      createHash('sha256')
        .update(await disk(0, 2 ** 20))
        .digest('hex'),
    ).toBe(WRITTEN_DISK);
  });

  it('says of a log that ends within a write that it does', async () => {
    const read = diskOf([{ start: 0, end: 8, at: 250 }]);
    await expect(read(0, 8)).rejects.toThrow('what was written should be at [250, 258), the source ends at 256');
  });
});

describe('piecesIn', () => {
  it('cuts what reaches over the window', () => {
    const all = applied([
      { start: 0, end: 10, at: 100 },
      { start: 20, end: 30, at: null },
    ]);
    expect(piecesIn(all, { start: 4, end: 25 })).toEqual([
      { start: 4, end: 10, at: 104 },
      { start: 20, end: 25, at: null },
    ]);
    expect(piecesIn(all, { start: 10, end: 20 })).toEqual([]);
  });
});

describe('contentName', () => {
  it('is the same only for the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, pieces, async (one, two) => {
        const [a, b] = [applied(one), applied(two)];
        const span = { start: 8, end: 40 };
        if (contentName(a, span) === contentName(b, span))
          expect([...(await diskOf(a)(8, 32))]).toEqual([...(await diskOf(b)(8, 32))]);
      }),
    );
  });

  it('knows a write again that another one was within, and what is outside of the span does not count', () => {
    const whole = applied([{ start: 0, end: 30, at: 100 }]);
    const cut: Piece[] = [
      { start: 0, end: 10, at: 100 },
      { start: 10, end: 30, at: 110 },
    ];
    expect(contentName(cut, { start: 5, end: 25 })).toBe(contentName(whole, { start: 5, end: 25 }));
    expect(contentName(whole, { start: 5, end: 25 })).not.toBe('');
    const zeros: Piece[] = [
      { start: 5, end: 9, at: null },
      { start: 9, end: 25, at: null },
    ];
    expect(contentName(zeros, { start: 5, end: 25 })).toBe('5-25@');
    expect(contentName(whole, { start: 30, end: 40 })).toBe('');
  });
});
