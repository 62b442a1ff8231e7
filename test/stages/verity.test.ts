import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verity } from '../../pipeline/stages/verity.ts';
import type { Artifact, Facts } from '../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { artifactOf, contextOf, type FakeContext } from './context.ts';
import { layoutOf, viewOf } from './documents.ts';

const BLOCK = 4096;
const folder = scratchDirectory();
const source = artifactOf(folder, 'x', { id: 'sys', facts: { filesystem: 'erofs', uuid: 'f-u', label: 'Sys' } });

/** `bytes` of file system: a hole, so that a terabyte takes no room. */
async function built(
  bytes: number,
  own: { seed?: string; sha256?: string; size?: number; made?: number; facts?: Facts } = {},
): Promise<{ facts: Facts; context: FakeContext; option: (name: string) => string }> {
  truncateSync(source.path, bytes);
  const input: Artifact = { ...source, bytes, sha256: own.sha256 ?? 'aa', facts: own.facts ?? source.facts };
  const context = contextOf(folder, {
    inputs: { filesystem: input },
    run: (_, { work, out }) => {
      writeFileSync(join(work, 'root-hash'), 'c0ffee\n');
      if (own.made !== undefined) truncateSync(out, own.made);
    },
  });
  const layout = layoutOf([{ name: 'SysQ', content: 'sys', filesystem: 'erofs', size: own.size ?? 2 ** 42 }]);
  const facts = await verity.build(
    verity.resolve({ content: 'sys', fecRoots: 5 }, viewOf({ layout, seed: own.seed ?? 'salt water' })),
    context,
  );
  const option = (name: string): string =>
    context.calls[0]?.args.find(each => each.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
  return { facts, context, option };
}

/** Levels of digests, 128 a block, until one block holds them all: cryptsetup's lib/verity/verity_hash.c counts so. */
function treeBlocks(dataBlocks: number): number {
  let sum = 0;
  for (let power = 128n; ; power *= 128n) {
    const level = (BigInt(dataBlocks) + power - 1n) / power;
    sum += Number(level);
    if (level === 1n) return sum;
  }
}

describe('verity', () => {
  test.each([
    [2, 1],
    [128, 1],
    [129, 3],
    [16_384, 129],
    [16_385, 132],
    [128 ** 3, 128 ** 2 + 128 + 1],
  ])('%d blocks of data have %d of hashes', (data, hashes) => expect(treeBlocks(data)).toBe(hashes));

  test('the code begins right behind file system, superblock and hash tree, for any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.integer({ min: BLOCK + 1, max: 2 ** 24 }),
          fc.constantFrom(127, 128, 129, 16_383, 16_384, 16_385).map(blocks => blocks * BLOCK),
        ),
        async bytes => {
          const { facts } = await built(bytes);
          const data = Math.ceil(bytes / BLOCK);
          expect(facts).toMatchObject({
            dataBlocks: data,
            hashOffset: data * BLOCK,
            fecOffset: (data + 1 + treeBlocks(data)) * BLOCK,
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  test('veritysetup is told everything, so that it draws nothing by chance', async () => {
    const { context, facts, option } = await built(10 * BLOCK);
    expect(context.calls.map(call => [call.program, call.args.slice(0, 3)])).toEqual([
      ['veritysetup', ['format', '/mnt/work/artifact', '/mnt/work/artifact']],
    ]);
    expect(
      [
        'hash',
        'data-block-size',
        'hash-block-size',
        'data-blocks',
        'hash-offset',
        'fec-device',
        'fec-offset',
        'fec-roots',
        'root-hash-file',
      ].map(option),
    ).toEqual(['sha256', '4096', '4096', '10', '40960', '/mnt/work/artifact', '49152', '5', '/mnt/work/root-hash']);
    expect(option('salt')).toMatch(/^[0-9a-f]{64}$/);
    expect(facts).toMatchObject({ salt: option('salt'), verityUuid: option('uuid'), rootHash: 'c0ffee' });
  });

  test('a last block that is not full is filled up', async () => {
    const { facts } = await built(10 * BLOCK + 1);
    expect(facts).toMatchObject({ dataBlocks: 11, used: 11 * BLOCK, extents: [[0, 11 * BLOCK]] });
  });

  test('what the file system said stays true', async () =>
    expect((await built(2 * BLOCK)).facts).toMatchObject({ filesystem: 'erofs', uuid: 'f-u', label: 'Sys' }));

  test('salt and UUID follow the seed and the file system, nothing else', async () => {
    const ids = async (own: Parameters<typeof built>[1]): Promise<unknown[]> => {
      const { facts } = await built(3 * BLOCK, own);
      return [facts.salt, facts.verityUuid];
    };
    const first = await ids({});
    expect(await ids({ size: 2 ** 41 })).toEqual(first);
    for (const other of [await ids({ seed: 'fresh water' }), await ids({ sha256: 'bb' })])
      for (const index of [0, 1]) expect(other[index]).not.toBe(first[index]);
  });

  test.each([
    [{ filesystem: 'ext4', readOnly: false }, 'give the step that makes the ext4 the option `readOnly: true`'],
    [
      { filesystem: 'vfat', readOnly: false },
      'give the step that makes the vfat the option a `size` less than the partition',
    ],
    [
      { filesystem: 'ext4', readOnly: true },
      'give the partition more room in the layout, or take packages or files away',
    ],
    [{}, 'give the partition more room in the layout, or take packages or files away'],
  ])('no room behind %j', async (facts, hint) => {
    for (const own of [{ size: 10 * BLOCK }, { size: 12 * BLOCK, made: 13 * BLOCK }])
      await expect(built(10 * BLOCK, { ...own, facts })).rejects.toMatchObject({ name: 'FormatFault', hint });
  });

  test.each([
    [{ size: 11 * BLOCK }, 'sys with its hash tree takes 48 KiB, but SysQ has 44 KiB: 4 KiB too much'],
    [
      { size: 12 * BLOCK, made: 13 * BLOCK },
      'sys with hash tree and FEC (40 KiB of file system) takes 52 KiB, but SysQ has 48 KiB: 4 KiB too much',
    ],
  ])(
    'a partition too small: %j',
    async (own, message) => await expect(built(10 * BLOCK, own)).rejects.toThrow(message),
  );
});
