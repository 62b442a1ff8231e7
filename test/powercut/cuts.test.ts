import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../pipeline/formats/write-log.ts';
import { chooseCuts, losable, type Cut } from '../../pipeline/powercut/cuts.ts';
import { stateAfter, statesOf } from '../../pipeline/powercut/states.ts';
import { writtenDisk } from '../../pipeline/powercut/written-disk.ts';
import { seededNumbers } from '../../pipeline/tamper/random.ts';

const SECTOR = 512;
const entry = (own: Partial<LogEntry>): LogEntry => ({
  kind: 'write',
  start: 0,
  end: 0,
  flush: false,
  fua: false,
  at: 0,
  text: '',
  ...own,
});
const write = (sector: number, sectors: number, own: Partial<LogEntry> = {}): LogEntry =>
  entry({ start: sector * SECTOR, end: (sector + sectors) * SECTOR, at: 7, ...own });
const FLUSH = entry({ flush: true });

const ENTRIES = [write(0, 1), write(4, 3), FLUSH, write(8, 2), write(2, 1, { fua: true }), write(5, 1), FLUSH];
const choose = (own: Partial<Parameters<typeof chooseCuts>[0]>): Cut[] =>
  chooseCuts({
    entries: ENTRIES,
    from: 1,
    to: 7,
    count: 0,
    critical: () => false,
    random: seededNumbers(17, 'cuts'),
    ...own,
  });

describe('losable', () => {
  it.each([
    [0, []],
    [2, [0, 1]],
    [3, []],
    [4, [3]],
    [6, [3, 5]],
    [7, []],
  ])('of the first %i entries are %j: none that were flushed, none that were forced', (after, expected) => {
    expect(losable(ENTRIES, after)).toEqual(expected);
  });

  it('a write that flushes what was before it can be lost itself', () => {
    expect(losable([write(0, 1), write(1, 1, { flush: true }), write(2, 1)], 3)).toEqual([1, 2]);
  });
});

describe('chooseCuts', () => {
  it('always takes the first and the last moment, and both sides of what is critical', () => {
    const cuts = choose({ critical: each => each.start === 8 * SECTOR });
    expect(cuts.map(({ kind, after }) => [kind, after])).toEqual([
      ['clean', 1],
      ['clean', 3],
      ['clean', 4],
      ['clean', 7],
    ]);
  });

  it('tears what is critical, and gives as many as it is asked for', () => {
    const cuts = choose({ critical: each => each.start === 8 * SECTOR, count: 6 });
    expect(cuts).toHaveLength(6);
    expect(cuts).toContainEqual({ kind: 'torn', after: 4, done: SECTOR, lost: [] });
  });

  it('of what is not critical takes neither what was before the update nor what came after', () => {
    const cuts = choose({ from: 3, to: 4, critical: () => true, count: 40 });
    expect(cuts.every(({ after }) => after >= 3 && after <= 4)).toBe(true);
  });

  it('ends when there are no more', () => {
    expect(choose({ count: 500 }).length).toBeLessThan(20);
  });

  it('is decided by the seed, and has all kinds', () => {
    const chosen = (seed: number): Cut[] => choose({ count: 12, random: seededNumbers(seed, 'cuts') });
    expect(chosen(3)).toEqual(chosen(3));
    expect(chosen(3)).not.toEqual(chosen(4));
    expect(new Set(chosen(3).map(({ kind }) => kind))).toEqual(new Set(['clean', 'torn', 'lossy']));
  });
});

describe('statesOf', () => {
  const SECTORS = 12;
  const BASE = Uint8Array.from({ length: SECTORS * SECTOR }, (_, at) => at % 251);
  const LOG = Uint8Array.from({ length: 64 * SECTOR }, (_, at) => (at * 7) % 253);
  const entries = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.nat(SECTORS - 4), fc.nat(3), fc.nat(40), fc.boolean()).map(written) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(SECTORS - 4), fc.nat(3)).map(discarded) },
      { weight: 2, arbitrary: fc.constant(FLUSH) },
      { weight: 1, arbitrary: fc.constant(entry({ kind: 'mark', text: 'tide' })) },
    ),
    { minLength: 1, maxLength: 14 },
  );
  const disk = (pieces: ReturnType<typeof stateAfter>) =>
    writtenDisk(pieces, {
      base: async (offset, length) => BASE.subarray(offset, offset + length),
      log: async (offset, length) => LOG.subarray(offset, offset + length),
    });

  it('leave what a disk holds that did just that', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(1000), async (all, seed) => {
        const random = seededNumbers(seed, 'cuts');
        const cuts = chooseCuts({ entries: all, from: 0, to: all.length, count: 12, critical: () => false, random });
        for (const { cut, pieces } of statesOf(cuts, all))
          expect(Buffer.compare(await disk(pieces)(0, BASE.length), replayed(all, cut))).toBe(0);
      }),
    );
  });

  it('are that after all entries, when nothing is torn or lost', () => {
    const [last] = [...statesOf([{ kind: 'clean', after: 7, done: 0, lost: [] }], ENTRIES)];
    expect(last?.pieces).toEqual(stateAfter(ENTRIES, 7));
  });

  function written([sector, more, place, fua]: [number, number, number, boolean]): LogEntry {
    return write(sector, more + 1, { at: place * SECTOR, fua });
  }
  function discarded([sector, more]: [number, number]): LogEntry {
    return write(sector, more + 1, { kind: 'discard', at: 0 });
  }
  function replayed(all: readonly LogEntry[], { after, kind, done, lost }: Cut): Uint8Array {
    const bytes = Uint8Array.from(BASE);
    all.slice(0, after).forEach(({ kind: what, start, end, at }, index) => {
      if (lost.includes(index) || what === 'mark') return;
      const length = kind === 'torn' && index === after - 1 ? done : end - start;
      if (what === 'discard') bytes.fill(0, start, end);
      else bytes.set(LOG.subarray(at, at + length), start);
    });
    return bytes;
  }
});
