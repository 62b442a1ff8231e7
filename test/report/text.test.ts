import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  columnsOf,
  count,
  formatSeconds,
  pad,
  plainText,
  printable,
  truncate,
  wrapText,
} from '../../pipeline/report/text.ts';

const ESC = '\u001b';

describe('plainText', () => {
  test.each([
    [`${ESC}[1;31mred${ESC}[0m`, 'red'],
    [`${ESC}]8;;https://example.org${ESC}\\link${ESC}]8;;${ESC}\\`, 'link'],
    [`${ESC}]0;title\u0007after`, 'after'],
    [`${ESC}(Bmtools${ESC}[?25l`, 'mtools'],
    ['one\r\ntwo\tthree\n', 'one two three'],
    ['del\u007f c1\u009b31m', 'del  c1 31m'],
    ['bidi \u202ereversed', 'bidi  reversed'],
    ['Grüße 日本', 'Grüße 日本'],
  ])('%j -> %j', (text, plain) => expect(plainText(text)).toBe(plain));

  const any = fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xbf }), fc.constantFrom(0x1b, 0x5b, 0x5d, 0x202e)))
    .map(codes => String.fromCodePoint(...codes));

  test('nothing that is a control character gets through', () => {
    fc.assert(fc.property(any, text => !/[\p{Cc}\u202e]/u.test(printable(text))));
  });

  test('printable keeps the blanks in front', () => expect(printable(`  ${ESC}[31m- a`)).toBe('  - a'));
});

describe('columns', () => {
  test.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['', 0],
    ['🚀', 2],
  ])('%j takes %i', (text, columns) => expect(columnsOf(text)).toBe(columns));

  test.each([
    ['shorter', 8, 'shorter'],
    ['exactly8', 8, 'exactly8'],
    ['more than 8', 8, 'more th…'],
    ['日本語', 4, '日…'],
    ['x', 0, ''],
  ])('truncate(%j, %i) -> %j', (text, width, cut) => expect(truncate(text, width)).toBe(cut));

  test('pad counts columns', () => {
    expect(pad('日本', 6, 'left')).toBe('日本  ');
    expect(pad('日本', 6, 'right')).toBe('  日本');
  });

  test('truncated text fits', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 0, max: 40 }),
        (text, width) => columnsOf(truncate(text, width)) <= width,
      ),
    );
  });
});

describe('wrapText', () => {
  test('breaks between words, and inside a word that is longer than a line', () => {
    expect(wrapText('the mirror /srv/deb/very-long-path failed', 12)).toEqual([
      'the mirror',
      '/srv/deb/ver',
      'y-long-path',
      'failed',
    ]);
  });

  test('lines fit and nothing is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z日]{1,30}$/)), fc.integer({ min: 2, max: 30 }), (words, width) => {
        const lines = wrapText(words.join(' '), width);
        expect(lines.every(line => columnsOf(line) <= width)).toBe(true);
        expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
      }),
    );
  });
});

test.each([
  [0, '0.0s'],
  [14.62, '14.6s'],
  [59.94, '59.9s'],
  [59.96, '1m 00s'],
  [125, '2m 05s'],
  [3599.4, '59m 59s'],
  [3599.9, '1h 00m'],
  [3725, '1h 02m'],
])('formatSeconds(%d) -> %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

test('count', () =>
  expect([count(0, 'step'), count(1, 'step'), count(2, 'step')]).toEqual(['0 steps', '1 step', '2 steps']));
