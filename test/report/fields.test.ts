import { describe, expect, test } from 'vitest';
import { drawFields } from '../../pipeline/report/fields.ts';

const plain = { width: 40, color: false };

describe('drawFields', () => {
  test('aligns values and wraps them below each other', () => {
    const long = 'seven eight nine ten eleven twelve thirteen';
    expect(
      drawFields(
        [
          ['reef', 'x'],
          ['anemone', long],
        ],
        plain,
      ),
    ).toEqual(['  reef     x', '  anemone  seven eight nine ten eleven', '           twelve thirteen']);
  });

  test('leaves out what has no value, but keeps its room', () =>
    expect(
      drawFields(
        [
          ['a long name', ''],
          ['kelp', 'y'],
        ],
        plain,
      ),
    ).toEqual(['  kelp         y']));

  test('shows no control characters', () =>
    expect(drawFields([['a\u001b[31mb', 'c\nd\u0007']], plain)).toEqual(['  ab  c d']));

  test('colours names, not values', () =>
    expect(drawFields([['a', 'b']], { ...plain, color: true })).toEqual(['  \u001b[36ma\u001b[39m  b']));
});
