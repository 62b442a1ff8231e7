import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apportion } from '../../pipeline/report/apportion.ts';

describe('apportion', () => {
  test.each([
    ['in proportion', [1, 2, 3], 60, 3, [10, 20, 30]],
    ['small ones get the least', [1, 1000, 1000], 43, 3, [3, 20, 20]],
    ['equal sizes get equal columns, the last takes what is odd', [500, 500, 200], 60, 1, [25, 25, 10]],
    ['the odd columns', [300, 300, 300], 32, 1, [10, 10, 12]],
    ['raising one can make another small', [10, 31, 59], 10, 3, [3, 3, 4]],
  ])('%s', (_name, sizes, width, least, columns) => {
    expect(apportion(sizes, width, least).map(share => share.columns)).toEqual(columns);
  });

  test('says which are wider than their share', () => {
    expect(apportion([1, 1000, 1000], 43, 3).map(({ widened }) => widened)).toEqual([true, false, false]);
  });

  const cases = fc
    .record({
      sizes: fc.array(fc.integer({ min: 1, max: 2 ** 41 }), { minLength: 1, maxLength: 40 }),
      least: fc.integer({ min: 1, max: 5 }),
      spare: fc.integer({ min: 0, max: 200 }),
    })
    .map(({ sizes, least, spare }) => ({ sizes, least, width: sizes.length * least + spare }));

  test('columns add up to the width and none is below the least', () => {
    fc.assert(
      fc.property(cases, ({ sizes, least, width }) => {
        const columns = apportion(sizes, width, least).map(share => share.columns);
        expect(columns.reduce((sum, own) => sum + own, 0)).toBe(width);
        expect(Math.min(...columns)).toBeGreaterThanOrEqual(least);
        expect(columns.every(Number.isInteger)).toBe(true);
      }),
    );
  });

  test('what is not widened is within a column of its share, but for the last of them', () => {
    fc.assert(
      fc.property(cases, ({ sizes, least, width }) => {
        const shares = apportion(sizes, width, least).map((share, index) => ({ ...share, size: sizes[index] ?? 0 }));
        const large = shares.filter(({ widened }) => !widened);
        const room = width - least * (shares.length - large.length);
        const total = large.reduce((sum, { size }) => sum + size, 0);
        for (const { columns, size } of large.slice(0, -1))
          expect(Math.abs(columns - (size / total) * room)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
