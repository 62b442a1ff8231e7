import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correctBlock, coveredBlocks, coveredOffset, type FecArea } from '../../pipeline/formats/fec.ts';
import { made, spyOn } from './made.ts';

/** As `veritysetup format` made them (made/make.sh). */
const AREAS: [string, FecArea][] = [
  ['fec-2', { blockSize: 4096, dataBlocks: 300, treeStart: 301 * 4096, start: 305 * 4096, roots: 2 }],
  ['fec-8', { blockSize: 4096, dataBlocks: 100, treeStart: 101 * 4096, start: 102 * 4096, roots: 8 }],
];

describe.each(AREAS)('correctBlock of %s', (name, area) => {
  const sound = made(name);
  const covered = coveredBlocks(area);
  const anyBlock = fc.integer({ min: 0, max: covered - 1 });
  const anyByte = fc.integer({ min: 0, max: 4095 });
  const anyChange = fc.integer({ min: 1, max: 255 });
  const blockOf = (bytes: Uint8Array, block: number): Buffer => {
    const offset = coveredOffset(area, block);
    return Buffer.from(bytes.subarray(offset, offset + 4096));
  };
  const changed = (at: number, change: number): Uint8Array => {
    const bytes = new Uint8Array(sound);
    bytes[at] = (bytes[at] ?? 0) ^ change;
    return bytes;
  };

  it('changes nothing where nothing is wrong, in any block of data or tree', async () => {
    for (const block of [0, 1, 57, area.dataBlocks - 1, area.dataBlocks, covered - 1])
      expect(await correctBlock(spyOn(sound).read, area, block)).toEqual({
        bytes: new Uint8Array(blockOf(sound, block)),
        corrected: 0,
      });
  });

  it('gives back any block of which a byte is changed', async () => {
    await fc.assert(
      fc.asyncProperty(anyBlock, anyByte, anyChange, async (block, at, change) => {
        const bytes = changed(coveredOffset(area, block) + at, change);
        const found = await correctBlock(spyOn(bytes).read, area, block);
        expect(found?.corrected).toBe(1);
        expect(blockOf(sound, block).equals(found?.bytes ?? new Uint8Array(0))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('gives back a block that is all wrong, as each of its bytes is in a word of its own', async () => {
    const block = area.dataBlocks + 1 < covered ? area.dataBlocks + 1 : area.dataBlocks;
    const bytes = new Uint8Array(sound);
    for (let at = 0; at < 4096; at += 1) bytes[coveredOffset(area, block) + at] = 0x5a;
    const found = await correctBlock(spyOn(bytes).read, area, block);
    expect(blockOf(sound, block).equals(found?.bytes ?? new Uint8Array(0))).toBe(true);
  });

  it('leaves a block alone when its parity is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: area.start, max: sound.length - 1 }), anyChange, async (at, change) => {
        const lane = Math.floor((at - area.start) / (4096 * area.roots));
        const found = await correctBlock(spyOn(changed(at, change)).read, area, lane);
        expect(found?.corrected).toBe(0);
        expect(blockOf(sound, lane).equals(found?.bytes ?? new Uint8Array(0))).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it('never gives back the block when two bytes of a word are wrong', async () => {
    const lanes = Math.ceil(covered / (255 - area.roots));
    await fc.assert(
      fc.asyncProperty(anyByte, anyChange, anyChange, async (at, one, two) => {
        const bytes = changed(at, one);
        const second = coveredOffset(area, 3 * lanes) + at;
        bytes[second] = (bytes[second] ?? 0) ^ two;
        const found = await correctBlock(spyOn(bytes).read, area, 0);
        // With two parity bytes a word of two errors may pass for another one: that is what hashes are for.
        expect(found !== null && blockOf(sound, 0).equals(found.bytes)).toBe(false);
        if (area.roots > 2) expect(found).toBeNull();
      }),
      { numRuns: 15 },
    );
  });
});

it.each([1, 25])('refuses %i parity bytes', async roots => {
  const [, area] = AREAS[0] ?? ['', null];
  if (area === null) throw new Error('no area');
  await expect(correctBlock(spyOn(made('fec-2')).read, { ...area, roots }, 0)).rejects.toThrow(/the kernel|roots/);
});
