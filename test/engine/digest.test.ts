import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestArtifact, digestExtents, digestFile } from '../../pipeline/engine/digest.ts';
import { openFiles, scratchDirectory } from '../disk/scratch.ts';
import { sha256 } from './steps.ts';

const folder = scratchDirectory();
const file = join(folder, 'sparse');
const { signal } = new AbortController();
const write = (...pieces: [number, string][]): void => {
  const bytes = Buffer.alloc(5000);
  for (const [start, text] of pieces) bytes.write(text, start);
  writeFileSync(file, bytes);
};

describe('digestFile', () => {
  test.each([0, 1, 100_000])('of %d bytes is what sha256sum says', async size => {
    const bytes = Buffer.alloc(size, 'kelp');
    writeFileSync(file, bytes);
    expect(await digestFile(file, signal)).toEqual({ sha256: sha256(bytes), bytes: size });
  });

  test('reads extents only, and says the same', async () => {
    const piece = fc.tuple(fc.nat(700), fc.integer({ min: 1, max: 700 }));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.nat(900), async (pieces, tail) => {
        let end = 0;
        const extents = pieces.map(([gap, length]): [number, number] => {
          const start = end + gap;
          end = start + length;
          return [start, length];
        });
        const bytes = Buffer.alloc(end + tail);
        for (const [start, length] of extents) bytes.fill('data', start, start + length);
        writeFileSync(file, bytes);
        expect(await digestFile(file, signal, extents)).toEqual({ sha256: sha256(bytes), bytes: bytes.length });
      }),
      { numRuns: 30 },
    );
  });

  test('stops when told to', async () => {
    write([0, 'x']);
    await expect(digestFile(file, AbortSignal.abort(new Error('enough')))).rejects.toThrow();
    await expect.poll(() => openFiles(folder)).toEqual([]);
  });
});

describe('digestExtents', () => {
  const EXTENTS = [
    [100, 3],
    [4000, 3],
  ] as const;

  test('is equal for equal data', async () => {
    write([100, 'abc'], [4000, 'xyz']);
    const first = await digestExtents(file, signal, EXTENTS);
    write([100, 'abc'], [4000, 'xyz']);
    expect(await digestExtents(file, signal, EXTENTS)).toEqual(first);
    expect(first.bytes).toBe(5000);
  });

  test.each<[string, [number, string][], [number, number][]]>([
    [
      'moves',
      [
        [101, 'abc'],
        [4000, 'xyz'],
      ],
      [
        [101, 3],
        [4000, 3],
      ],
    ],
    [
      'moves from one extent to the next',
      [
        [100, 'ab'],
        [3999, 'cxyz'],
      ],
      [
        [100, 2],
        [3999, 4],
      ],
    ],
    [
      'changes',
      [
        [100, 'abd'],
        [4000, 'xyz'],
      ],
      [
        [100, 3],
        [4000, 3],
      ],
    ],
    [
      'changes places',
      [
        [100, 'xyz'],
        [4000, 'abc'],
      ],
      [
        [100, 3],
        [4000, 3],
      ],
    ],
  ])('differs when data %s', async (_, pieces, extents) => {
    write([100, 'abc'], [4000, 'xyz']);
    const before = await digestExtents(file, signal, EXTENTS);
    write(...pieces);
    expect((await digestExtents(file, signal, extents)).sha256).not.toBe(before.sha256);
  });

  test('differs when the file is longer', async () => {
    write([100, 'abc']);
    const before = await digestExtents(file, signal, [[100, 3]]);
    truncateSync(file, 5001);
    expect((await digestExtents(file, signal, [[100, 3]])).sha256).not.toBe(before.sha256);
  });
});

describe('digestArtifact', () => {
  const extents = [
    [100, 3],
    [4000, 3],
  ];
  const content = (): string => {
    const bytes = Buffer.alloc(5000);
    bytes.write('abc', 100);
    bytes.write('xyz', 4000);
    return sha256(bytes);
  };

  test('of a sparse one in the store goes by its extents', async () => {
    write([100, 'abc'], [4000, 'xyz']);
    const made = await digestArtifact(file, { facts: { extents }, published: false }, signal);
    expect(made).toEqual(await digestExtents(file, signal, extents as [number, number][]));
    expect(made.sha256).not.toBe(content());
  });

  test.each<[string, object, boolean]>([
    ['a published one', { extents }, true],
    ['one without extents', { planks: 7 }, false],
    ['one without holes', { extents: [[0, 5000]] }, false],
  ])('of %s is what sha256sum says', async (_, facts, published) => {
    write([100, 'abc'], [4000, 'xyz']);
    expect(await digestArtifact(file, { facts: facts as Record<string, unknown>, published }, signal)).toEqual({
      sha256: content(),
      bytes: 5000,
    });
  });

  test('reads nothing of the holes', async () => {
    write([100, 'abc'], [4000, 'xyz']);
    const before = await digestArtifact(file, { facts: { extents }, published: false }, signal);
    write([100, 'abc'], [2000, 'rot'], [4000, 'xyz']);
    expect(await digestArtifact(file, { facts: { extents }, published: false }, signal)).toEqual(before);
  });
});
