import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELTA_BLOCK, deltaSegments } from '../../pipeline/formats/delta-segments.ts';

const MIB = 2 ** 20;
const BLOCKS = MIB / DELTA_BLOCK;
/** Blocks that stand nowhere else. */
const blocksOf = (mib: number, name = 'deck'): string[] =>
  Array.from({ length: mib * BLOCKS }, (_, index) => `${name} ${index}`);
const imageOf = (blocks: string[]) => ({ blocks, bytes: blocks.length * DELTA_BLOCK });

describe('the part of the base', () => {
  it('is what stands around the same place, where nothing moved', () => {
    const image = imageOf(blocksOf(33));
    expect(
      deltaSegments(image, image).map(({ bytes, base }) => [bytes / MIB, base.at / MIB, base.bytes / MIB]),
    ).toEqual([
      [4, 0, 12],
      [4, 0, 12],
      [4, 4, 12],
      [4, 8, 12],
      [4, 12, 12],
      [4, 16, 12],
      [4, 20, 12],
      [4, 21, 12],
      [1, 21, 12],
    ]);
  });

  it('moves with what was put in before, and with the median of what came from elsewhere', () => {
    const old = blocksOf(60);
    const [first = '', ...others] = old.slice(20 * BLOCKS, 24 * BLOCKS);
    const result = imageOf([
      ...blocksOf(30, 'new'),
      ...old.slice(0, 20 * BLOCKS),
      first,
      ...others,
      ...old.slice(24 * BLOCKS),
    ]);
    const segments = deltaSegments(imageOf(old), result);
    // At 48 MiB stands what stood at 18 MiB.
    expect(segments[12]?.base).toEqual({ at: 14 * MIB, bytes: 12 * MIB });
    const far = [...old.slice(0, 100), ...old.slice(40 * BLOCKS, 44 * BLOCKS - 100)];
    expect(deltaSegments(imageOf(old), imageOf(far))[0]?.base.at).toBe(36 * MIB - 100 * DELTA_BLOCK);
  });

  it('is where the one before was, for a segment of which the base has nothing', () => {
    const old = blocksOf(60);
    const result = imageOf([...old.slice(20 * BLOCKS, 24 * BLOCKS), ...blocksOf(4, 'new')]);
    expect(deltaSegments(imageOf(old), result).map(each => each.base.at / MIB)).toEqual([16, 20]);
  });

  it('does not follow blocks that stand in several places', () => {
    const old = [...Array.from({ length: 40 * BLOCKS }, () => 'zeros'), ...blocksOf(4)];
    expect(deltaSegments(imageOf(old), imageOf(old.slice(0, 4 * BLOCKS)))[0]?.base.at).toBe(0);
  });

  it('is all of a base that is shorter', () => {
    const [segment] = deltaSegments({ blocks: ['a', 'b'], bytes: 5000 }, imageOf(blocksOf(1)));
    expect(segment).toEqual({ bytes: MIB, base: { at: 0, bytes: 5000 } });
  });
});

it('segments make up the result, and no part reaches out of the base', () => {
  const blocks = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 4000 });
  fc.assert(
    fc.property(blocks, blocks, fc.nat(DELTA_BLOCK - 1), (old, young, less) => {
      const base = { blocks: old, bytes: Math.max(0, old.length * DELTA_BLOCK - less) };
      const result = { blocks: young, bytes: Math.max(0, young.length * DELTA_BLOCK - less) };
      const segments = deltaSegments(base, result);
      expect(segments.reduce((sum, each) => sum + each.bytes, 0)).toBe(result.bytes);
      for (const { base: part } of segments) {
        expect(part.at).toBeGreaterThanOrEqual(0);
        expect(part.at + part.bytes).toBeLessThanOrEqual(base.bytes);
      }
    }),
    { numRuns: 50 },
  );
});
