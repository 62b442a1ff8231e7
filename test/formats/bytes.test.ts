import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSize, parseSize, roundSize, SIZE_PATTERN } from '../../pipeline/formats/bytes.ts';

describe('parseSize', () => {
  test.each([
    ['0 B', 0],
    ['77B', 77],
    ['192 MiB', 201_326_592],
    ['1.5GiB', 1_610_612_736],
    ['0.25 KiB', 256],
    ['007 KiB', 7168],
    ['2 TiB', 2 ** 41],
    ['9007199254740991 B', 2 ** 53 - 1],
  ])('%s', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each([
    '',
    '4',
    '4 GB',
    '4 gib',
    '4  GiB',
    ' 4 GiB',
    '4 GiB ',
    '-1 B',
    '+1 B',
    '1e3 B',
    '.5 GiB',
    '5. GiB',
    '0x10 B',
    '4 GiB\n',
    '٤ GiB',
    '1,5 GiB',
  ])('%j is no size', text => expect(parseSize(text)).toBeNull());

  test.each(['0.1 KiB', '1.0001 MiB', '0.5 B'])('%s is not a whole number of bytes', text =>
    expect(parseSize(text)).toBeNull(),
  );

  test.each(['9007199254740992 B', '8192 TiB', '9999999999999999999999 TiB'])(
    '%s is beyond what a number holds',
    text => expect(parseSize(text)).toBeNull(),
  );
});

describe('formatSize', () => {
  test.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1536 B'],
    [201_326_592, '192 MiB'],
    [2 ** 40, '1 TiB'],
    [2 ** 40 + 2 ** 30, '1025 GiB'],
    [2 ** 20 + 2 ** 10, '1025 KiB'],
  ])('%d', (bytes, text) => expect(formatSize(bytes)).toBe(text));
});

test('parseSize reads back what formatSize says: hints of diagnostics can be pasted', () => {
  const bytes = fc.oneof(
    fc.tuple(fc.nat(5000), fc.constantFrom(1, 2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40)).map(([count, unit]) => count * unit),
    fc.maxSafeNat(),
  );
  fc.assert(fc.property(bytes, each => parseSize(formatSize(each)) === each));
});

test('parseSize takes exactly what the pattern of the schemas takes, where the number fits', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('0', '1', '7', '9', '.', ' ', 'B', 'K', 'M', 'G', 'T', 'i'), maxLength: 9 }),
    fc
      .tuple(fc.nat(4000), fc.constantFrom('', ' ', '.5'), fc.constantFrom('KiB', 'MiB', 'GiB', 'TiB', 'KB'))
      .map(parts => parts.join('')),
  );
  fc.assert(
    fc.property(text, each => {
      if (parseSize(each) !== null) expect(each).toMatch(new RegExp(SIZE_PATTERN));
      else if (new RegExp(SIZE_PATTERN).test(each)) expect(each).toMatch(/\.|B$/);
    }),
  );
});

describe('roundSize', () => {
  test.each([
    [0, '0 B'],
    [1000, '1000 B'],
    [18_877_952, '18.0 MiB'],
    [123_731_968, '118 MiB'],
    [2 ** 30 * 1.5, '1.5 GiB'],
    [2 ** 33, '8 GiB'],
  ])('%d', (bytes, text) => expect(roundSize(bytes)).toBe(text));
});
