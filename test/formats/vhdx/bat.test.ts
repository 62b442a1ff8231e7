import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blockGeometry,
  blockOfEntry,
  createBat,
  decodeEntry,
  entryIndex,
  placeBlock,
} from '../../../pipeline/formats/vhdx/bat.ts';
import { MIB, SHAPE } from './memory-file.ts';

const GIB = 2 ** 30;
const TIB = 2 ** 40;
/** Another multiple than those of the layout. */
const FAR = 5 * TIB + 77 * MIB;

describe('block geometry', () => {
  // Section 2.4: 2^23 sectors a chunk. Section 2.5: P + floor((P - 1) / ChunkRatio) entries.
  it.each([
    { size: 29 * GIB, blockSize: MIB, sector: 512, ratio: 4096, blocks: 29_696, entries: 29_703 },
    { size: 4 * GIB, blockSize: MIB, sector: 512, ratio: 4096, blocks: 4096, entries: 4096 },
    { size: 4 * GIB + 512, blockSize: MIB, sector: 512, ratio: 4096, blocks: 4097, entries: 4098 },
    { size: 2 * TIB, blockSize: MIB, sector: 512, ratio: 4096, blocks: 2_097_152, entries: 2_097_663 },
    { size: 2 * TIB, blockSize: 32 * MIB, sector: 512, ratio: 128, blocks: 65_536, entries: 66_047 },
    { size: 2 * TIB, blockSize: MIB, sector: 4096, ratio: 32_768, blocks: 2_097_152, entries: 2_097_215 },
    { size: 512, blockSize: MIB, sector: 512, ratio: 4096, blocks: 1, entries: 1 },
  ])('$size bytes, blocks of $blockSize, sectors of $sector', ({ size, blockSize, sector, ratio, blocks, entries }) => {
    const geometry = blockGeometry({ ...SHAPE, size, blockSize, logicalSectorSize: sector });
    expect(geometry).toEqual({ blockSize, blockCount: blocks, chunkRatio: ratio, entryCount: entries });
  });

  it('has one bitmap entry after each full chunk, and blockOfEntry undoes entryIndex', () => {
    const geometry = blockGeometry({ ...SHAPE, size: 2 * TIB });
    expect([4095, 4096, 8191, 8192].map(block => entryIndex(geometry, block))).toEqual([4095, 4097, 8192, 8194]);
    expect([4096, 8193].map(index => blockOfEntry(geometry, index))).toEqual([null, null]);
    fc.assert(fc.property(fc.nat(2_097_151), block => blockOfEntry(geometry, entryIndex(geometry, block)) === block));
  });
});

describe('the table', () => {
  it('of a dynamic disk says ZERO with offset 0, and 0 for bitmaps', () => {
    const { bytes } = createBat({ ...SHAPE, size: 4 * GIB + MIB });
    const entries = new BigUint64Array(bytes.buffer);
    expect(new Set(entries.subarray(0, 4096))).toEqual(new Set([2n]));
    expect(entries.subarray(4096)).toEqual(BigUint64Array.of(0n, 2n));
  });

  it('of a fixed disk of 2 TiB is right to the last entry', () => {
    const { bytes, length, payloadStart } = createBat({ ...SHAPE, size: 2 * TIB, fixed: true });
    const entries = new BigUint64Array(bytes.buffer);
    expect([length, payloadStart]).toEqual([17 * MIB, 20 * MIB]);
    expect(entries[0]).toBe((20n << 20n) | 6n);
    expect([entries[4095], entries[4096], entries[4097]]).toEqual([(4115n << 20n) | 6n, 0n, (4116n << 20n) | 6n]);
    expect(entries.at(-1)).toBe(((2_097_151n + 20n) << 20n) | 6n);
    expect(entries).toHaveLength(2_097_663);
  });

  it('holds and gives back any offset', () => {
    const bat = createBat(SHAPE);
    const mibs = fc.integer({ min: 4, max: 2 ** 32 });
    fc.assert(
      fc.property(fc.nat(5), mibs, (block, mib) => {
        placeBlock(bat, { block, offset: mib * MIB });
        const view = new DataView(bat.bytes.buffer);
        expect(view.getBigUint64(block * 8, true)).toBe((BigInt(mib) << 20n) | 6n);
        expect(decodeEntry(view, { at: block * 8, block })).toBe(mib * MIB);
      }),
    );
  });

  it.each([0, 1, 2, 3])('reads state %i as zeros', state => {
    const view = new DataView(BigUint64Array.of(BigInt(FAR) | BigInt(state)).buffer);
    expect(decodeEntry(view, { at: 0, block: 9 })).toBeNull();
  });

  it.each([
    [4, /block 9 has the reserved state 4/],
    [5, /block 9 has the reserved state 5/],
    [7, /block 9 is PARTIALLY_PRESENT/],
    [8 + 6, /block 9: reserved bits/],
    [2 ** 19 + 6, /block 9: reserved bits/],
  ])('refuses low bits %i', (low, message) => {
    const view = new DataView(BigUint64Array.of(BigInt(FAR) + BigInt(low)).buffer);
    expect(() => decodeEntry(view, { at: 0, block: 9 })).toThrow(message);
  });

  it.each([
    [{ size: 65 * TIB }, /VHDX of 71468255805440 bytes/],
    [{ size: 511 }, /VHDX of 511 bytes/],
    [{ size: 0 }, /VHDX of 0 bytes/],
    [{ blockSize: 3 * MIB }, /blocks of 3145728/],
    [{ blockSize: 512 * MIB }, /blocks of 536870912/],
    [{ physicalSectorSize: 1024 }, /sectors of 512 and 1024/],
  ])('refuses the shape %j', (changes, message) => {
    expect(() => createBat({ ...SHAPE, ...changes })).toThrow(message);
  });
});
