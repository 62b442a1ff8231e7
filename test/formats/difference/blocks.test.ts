import { expect, it } from 'vitest';
import { differentBlocks, type PartitionBlocks } from '../../../pipeline/formats/difference/blocks.ts';

const MIB = 2 ** 20;

function part(name: string, start: number, digests: Record<number, string>): PartitionBlocks {
  const blocks = Object.entries(digests).map(([block, digest]) => [Number(block), digest] as const);
  return { name, start: start * MIB, end: (start + 3) * MIB, digests: new Map(blocks) };
}

const KEEL = part('Keel', 1, { 0: 'oak', 7: 'tar' });
const HOLD = part('Hold', 4, { 2: 'rum' });

it('nothing for the same', () => expect(differentBlocks([KEEL, HOLD], [KEEL, HOLD])).toEqual([]));

it('counts blocks that are other, new and empty now', () => {
  const after = part('Keel', 1, { 0: 'pine', 7: 'tar', 9: 'nail' });
  expect(differentBlocks([KEEL], [after])).toEqual([
    {
      partition: 'Keel',
      old: { start: MIB, end: 4 * MIB },
      new: { start: MIB, end: 4 * MIB },
      bytes: 8192,
      held: 12_288,
    },
  ]);
  expect(differentBlocks([after], [part('Keel', 1, {})])).toMatchObject([{ bytes: 12_288, held: 0 }]);
});

it('a partition that is elsewhere, or has another length, with the same bytes', () =>
  expect(differentBlocks([HOLD], [part('Hold', 9, { 2: 'rum' })])).toEqual([
    {
      partition: 'Hold',
      old: { start: 4 * MIB, end: 7 * MIB },
      new: { start: 9 * MIB, end: 12 * MIB },
      bytes: 0,
      held: 4096,
    },
  ]));

it('in the order of the new disk, what is gone last', () => {
  const mast = part('Mast', 1, {});
  expect(differentBlocks([KEEL, HOLD], [mast, HOLD])).toMatchObject([
    { partition: 'Mast', old: null, bytes: 0, held: 0 },
    { partition: 'Keel', new: null, bytes: 8192, held: 8192 },
  ]);
});
