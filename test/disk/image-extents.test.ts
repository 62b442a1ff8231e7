import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageExtents } from '../../pipeline/disk/image-extents.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { writeRaw, writeVhdx } from '../../pipeline/disk/write.ts';
import type { Extent } from '../../pipeline/formats/disk-map.ts';
import { scratchDirectory } from './scratch.ts';

const MIB = 2 ** 20;
const directory = scratchDirectory();
const at = (name: string) => join(directory, name);
const options = { signal: new AbortController().signal, onProgress: () => undefined };
const sectors = { logicalSectorSize: 512, physicalSectorSize: 4096 };

const noise = (length: number, seed: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 32) }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest()),
    length,
  );

describe('a part of an image in another disk', () => {
  it('is the same bytes there, from a VHDX of any blocks', async () => {
    const size = 8 * MIB;
    const places = fc.uniqueArray(fc.nat(7), { maxLength: 8 });
    const span = fc.tuple(fc.nat(size / 512), fc.nat(size / 512)).filter(([a, b]) => a !== b);
    await fc.assert(
      fc.asyncProperty(places, span, fc.constantFrom(1, 2), async (blocks, bounds, scale) => {
        const [start = 0, end = 0] = bounds.map(each => each * 512).sort((a, b) => a - b);
        const source = Buffer.alloc(size);
        const extents = blocks
          .sort((a, b) => a - b)
          .map((block): Extent => {
            const bytes = noise(4096, block);
            bytes.copy(source, block * MIB + 512);
            return { start: block * MIB + 512, bytes };
          });
        const identity = {
          fileWriteGuid: '11111111-aaaa-4bbb-8ccc-0123456789ab',
          dataWriteGuid: '22222222-aaaa-4bbb-8ccc-0123456789ab',
          diskId: '33333333-aaaa-4bbb-8ccc-0123456789ab',
          creator: 'kelp',
        };
        await writeVhdx({ size, extents, ...sectors }, at('source.vhdx'), {
          ...identity,
          ...options,
          fixed: false,
          blockSize: scale * MIB,
        });
        const moved = await withImage(at('source.vhdx'), async image =>
          imageExtents(image, { file: at('source.vhdx'), from: { start, end }, to: 3 * MIB, data: [] }),
        );
        await writeRaw({ size: 12 * MIB, extents: moved, ...sectors }, at('target'), options);
        const expected = Buffer.alloc(12 * MIB);
        source.copy(expected, 3 * MIB, start, end);
        expect(readFileSync(at('target')).equals(expected)).toBe(true);
        // A block that is absent is not read.
        const read = moved.reduce((sum, each) => sum + ('length' in each ? each.length : 0), 0);
        expect(read).toBeLessThanOrEqual(blocks.length * scale * MIB);
      }),
      { numRuns: 30 },
    );
  });

  it('is one extent only where blocks follow one another in the file too', async () => {
    const places = [8, 9, null, 4, 3].map(each => (each === null ? null : each * MIB));
    const vhdx = { blockSize: MIB, blockOffset: async (block: number) => places[block] ?? null };
    const move = { file: 'kelp.vhdx', from: { start: MIB / 2, end: 5 * MIB }, to: 0, data: [] };
    const image = { vhdx } as unknown as Parameters<typeof imageExtents>[0];
    expect(await imageExtents(image, move)).toEqual([
      { start: 0, length: 1.5 * MIB, file: 'kelp.vhdx', offset: 8.5 * MIB },
      { start: 2.5 * MIB, length: MIB, file: 'kelp.vhdx', offset: 4 * MIB },
      { start: 3.5 * MIB, length: MIB, file: 'kelp.vhdx', offset: 3 * MIB },
    ]);
  });

  it('is what a raw disk holds there, and no more than it says', async () => {
    const bytes = Buffer.alloc(6 * MIB, 7);
    writeFileSync(at('source.raw'), bytes);
    const data: [number, number][] = [
      [0, MIB],
      [2 * MIB, MIB],
      [4 * MIB, 2 * MIB],
    ];
    const from = { start: MIB / 2, end: 5 * MIB };
    const moved = await withImage(at('source.raw'), async image =>
      imageExtents(image, { file: at('source.raw'), from, to: 0, data }),
    );
    expect(moved).toEqual([
      { start: 0, length: MIB / 2, file: at('source.raw'), offset: MIB / 2 },
      { start: 1.5 * MIB, length: MIB, file: at('source.raw'), offset: 2 * MIB },
      { start: 3.5 * MIB, length: MIB, file: at('source.raw'), offset: 4 * MIB },
    ]);
  });
});
