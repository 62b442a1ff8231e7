import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest, typingDistance } from '../../pipeline/config/nearest.ts';

test.each([
  ['size', 'sise', 1],
  ['size', 'szie', 1],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['ca', 'abc', 3],
  ['same', 'same', 0],
])('%s, %s: %d', (a, b, distance) => {
  expect(typingDistance(a, b)).toBe(distance);
});

test('is symmetric, zero only for equal texts, and at most the longer length', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = typingDistance(a, b);
      expect(distance).toBe(typingDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
  );
});

test.each([
  ['sise', 'size'],
  ['sector-size', 'sectorSize'],
  ['SECTOR_SIZE', 'sectorSize'],
  ['zebra', null],
  ['A', null],
])('nearest to %s: %s', (typed, expected) => {
  expect(nearest(typed, ['name', 'size', 'sectorSize', 'B'])).toBe(expected);
});
