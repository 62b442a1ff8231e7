import { describe, expect, it } from 'vitest';
import { ClaimFault } from '../../pipeline/claims/fault.ts';
import {
  beyondCorrection,
  fileOf,
  middleOf,
  overwritten,
  rootOf,
  turnedBit,
  UKI,
  writtenOver,
} from '../../pipeline/claims/disk-parts.ts';
import { byteAt, DISK } from './disk.ts';

const file = (...extents: { start: number; end: number }[]) => ({ path: '', partition: '', slot: null, extents });

describe('what a slot has', () => {
  it.each(['A', 'B'] as const)('is its own: %s', slot => {
    expect(fileOf(DISK, UKI, slot)).toMatchObject({ path: UKI, slot });
    expect(rootOf(DISK, slot)).toMatchObject({ slot });
  });

  it('is not that of the other one', () => {
    const bare = { ...DISK, files: DISK.files.filter(each => each.slot === 'A'), roots: DISK.roots.slice(0, 1) };
    expect(() => fileOf(bare, UKI, 'B')).toThrow(new ClaimFault(`slot B has no ${UKI}`));
    expect(() => fileOf(DISK, '/EFI/NONE.EFI', 'A')).toThrow('slot A has no /EFI/NONE.EFI');
    expect(() => rootOf(bare, 'A')).toThrow(new ClaimFault('slot A has no root with a hash tree'));
  });
});

describe('damage', () => {
  it.each([0, 3, 7])('turns bit %i alone', async bit => {
    const { start, bytes } = await turnedBit(DISK, 77_777, bit);
    expect([start, bytes.length]).toEqual([77_777, 1]);
    expect((bytes[0] ?? 0) ^ byteAt(77_777)).toBe(2 ** bit);
  });

  it('writes over an extent, to its last byte', () => {
    const { start, bytes } = overwritten({ start: 4000, end: 4100 });
    expect([start, bytes.length, new Set(bytes).size]).toEqual([4000, 100, 1]);
    expect(bytes[0]).not.toBe(0);
  });

  it('writes a block over the extents of a file, as far as each goes', () => {
    const bytes = Uint8Array.from({ length: 10 }, (_, index) => index);
    const at = (start: number, end: number) => ({ start, end });
    const parts = (...extents: { start: number; end: number }[]) =>
      writtenOver(file(...extents), bytes).map(part => [part.start, [...part.bytes]]);
    expect(parts(at(500, 600))).toEqual([[500, [...bytes]]]);
    expect(parts(at(900, 904), at(100, 104), at(300, 304), at(700, 704))).toEqual([
      [900, [0, 1, 2, 3]],
      [100, [4, 5, 6, 7]],
      [300, [8, 9]],
    ]);
    expect(() => parts(at(900, 904))).toThrow(ClaimFault);
  });

  it('beyond correction is a block of the root and all of the correction', () => {
    const root = rootOf(DISK, 'A');
    const [block, fec, ...more] = beyondCorrection(root, 5);
    expect(more).toEqual([]);
    expect([block?.start, block?.bytes.length]).toEqual([root.data.start + 5 * 4096, 4096]);
    expect([fec?.start, fec?.bytes.length]).toEqual([root.fec.start, root.fec.end - root.fec.start]);
  });
});

describe('the middle of a file', () => {
  it.each([
    [[{ start: 100, end: 201 }], 150],
    [
      [
        { start: 900, end: 910 },
        { start: 100, end: 201 },
        { start: 300, end: 320 },
      ],
      150,
    ],
  ])('%j is %i', (extents, middle) => expect(middleOf(file(...extents))).toBe(middle));

  it('of an empty file is nowhere, and never the begin of the disk', () => {
    expect(() => middleOf(file())).toThrow(ClaimFault);
  });
});
