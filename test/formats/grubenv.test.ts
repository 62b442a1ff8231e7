import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodeGrubenv, encodeGrubenv, GRUBENV_BYTES } from '../../pipeline/formats/grubenv.ts';

/** As `grub-editenv FILE set` leaves it. */
function block(lines: string): Buffer {
  return Buffer.from(`# GRUB Environment Block\n${lines}`.padEnd(1024, '#'));
}

describe('encodeGrubenv', () => {
  test('lines in their order, then #', () => {
    expect(Buffer.from(encodeGrubenv({ ORDER: 'Q P', Q_OK: '1', P_TRY: '' }))).toEqual(
      block('ORDER=Q P\nQ_OK=1\nP_TRY=\n'),
    );
  });

  test('backslashes and newlines are escaped as the manual says', () => {
    expect(Buffer.from(encodeGrubenv({ path: 'a\\b\nc' }))).toEqual(block('path=a\\\\b\\\nc\n'));
  });

  test('1024 bytes and no more', () => {
    const room = GRUBENV_BYTES - '# GRUB Environment Block\nx=\n'.length;
    expect(Buffer.from(encodeGrubenv({ x: 'y'.repeat(room) })).toString()).toMatch(/y\n$/);
    expect(() => encodeGrubenv({ x: 'y'.repeat(room + 1) })).toThrow(
      '1 variables do not fit in an environment block of 1024 bytes',
    );
    expect(encodeGrubenv({ x: 'é'.repeat(room / 2) })).toHaveLength(GRUBENV_BYTES);
  });
});

describe('decodeGrubenv', () => {
  test.each([
    ['A_OK=1\nORDER=A B\n', { A_OK: '1', ORDER: 'A B' }],
    ['empty=\n', { empty: '' }],
    ['x=a=b\n', { x: 'a=b' }],
    ['# a comment\nx=1\n', { x: '1' }],
    ['x=1\nx=2\n', { x: '2' }],
    ['x=one\\\ny=two\n', { x: 'one\ny=two' }],
    ['', {}],
  ])('%j', (lines, variables) => expect(decodeGrubenv(block(lines))).toEqual(variables));

  test('a value cut off by the end of the block is none', () =>
    expect(decodeGrubenv(Buffer.concat([block('A=1\n').subarray(0, 1020), Buffer.from('\nB=1')]))).toEqual({ A: '1' }));

  test.each([
    ['nothing', Buffer.alloc(0), 'not a GRUB environment block: 0 bytes that begin with ""'],
    ['too short', block('').subarray(0, 1023), 'not a GRUB environment block: 1023 bytes'],
    ['too long', Buffer.concat([block(''), Buffer.from('#')]), 'not a GRUB environment block: 1025 bytes'],
    [
      'other bytes',
      Buffer.alloc(1024, 'z'),
      'not a GRUB environment block: 1024 bytes that begin with "zzzzzzzzzzzzzzzz"',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeGrubenv(bytes)).toThrow(message);
    expect(() => decodeGrubenv(bytes)).toThrow(FormatFault);
  });
});

test('whatever is written is read', () => {
  const name = fc
    .string({ unit: fc.constantFrom('A', 'b', '_', '7'), minLength: 1, maxLength: 8 })
    .filter(each => /^[A-Za-z_]/.test(each));
  const value = fc
    .oneof(
      fc.string({ unit: fc.constantFrom('\\', '\n', '#', '=', ' ', 'a') }),
      fc.string({ unit: 'grapheme', maxLength: 10 }),
    )
    .filter(each => !/\uFFFD/.test(each));
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 6 }), variables => {
      expect(decodeGrubenv(encodeGrubenv(variables))).toEqual({ ...variables });
    }),
  );
});
