import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TamperOutcome } from '../../pipeline/formats/tampering.ts';
import { rootStrata } from '../../pipeline/tamper/root.ts';
import type { Judgement } from '../../pipeline/tamper/trial.ts';
import { stratumOf, subjectOf, type DiskOptions } from './disk.ts';

async function judgeIn(
  name: string,
  own: Partial<DiskOptions>,
): Promise<(at: number, bit?: number) => Promise<Judgement>> {
  const [place] = stratumOf(rootStrata((await subjectOf(own)).subject, ''), name).places;
  if (place === undefined) throw new Error('no place');
  return async (at, bit = 0) => place.judge({ offset: place.start + (at % (place.end - place.start)), bit });
}

describe('data and hash tree', () => {
  it.each(['data', 'hash tree'])('%s: any bit is corrected by FEC', async name => {
    const judge = await judgeIn(name, { second: false });
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 21), fc.nat(7), async (at, bit) => {
        expect(await judge(at, bit)).toMatchObject({ outcome: 'corrected', expect: ['repairable'] });
      }),
      { numRuns: 20 },
    );
  });

  it.each<[string, boolean, TamperOutcome]>([
    ['data', false, 'refused'],
    ['data', true, 'fell back'],
    ['hash tree', false, 'refused'],
    ['hash tree', true, 'fell back'],
  ])('%s without FEC, another slot: %s: %s', async (name, second, outcome) => {
    const judge = await judgeIn(name, { second, fec: false });
    expect(await judge(4321, 5)).toMatchObject({ outcome, expect: ['damaged'] });
  });

  it.each([1, 4])('are refused when the code word has a second wrong byte, by %i', async change => {
    const { subject, bytes } = await subjectOf({ second: false });
    const start = subject.partitions[1]?.start ?? 0;
    // Blocks 0 and 2 are in one code word: there are two lanes.
    bytes[start + 2 * 4096 + 77] = (bytes[start + 2 * 4096 + 77] ?? 0) ^ change;
    const [place] = stratumOf(rootStrata(subject, ''), 'data').places;
    expect(await place?.judge({ offset: start + 77, bit: 0 })).toMatchObject({ outcome: 'refused' });
    expect(await place?.judge({ offset: start + 78, bit: 0 })).toMatchObject({ outcome: 'corrected' });
  });

  it('are corrected, not as they were, when they were damaged before', async () => {
    const { subject, bytes } = await subjectOf({ second: false });
    const start = subject.partitions[1]?.start ?? 0;
    bytes[start + 77] = (bytes[start + 77] ?? 0) ^ 4;
    const [place] = stratumOf(rootStrata(subject, ''), 'data').places;
    expect(await place?.judge({ offset: start + 99, bit: 0 })).toMatchObject({
      outcome: 'corrected',
      why: expect.stringContaining('it was before') as string,
    });
  });

  it('fail when a flipped bit is back to what the hash wants: nothing but the bytes is believed', async () => {
    const { subject, bytes } = await subjectOf({ second: false });
    const start = subject.partitions[1]?.start ?? 0;
    bytes[start + 77] = (bytes[start + 77] ?? 0) ^ 4;
    const [place] = stratumOf(rootStrata(subject, ''), 'data').places;
    expect(await place?.judge({ offset: start + 77, bit: 2 })).toMatchObject({ outcome: 'failed' });
  });
});

describe('parity', () => {
  it('changes nothing that is right', async () => {
    const judge = await judgeIn('FEC', { second: false });
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 14 - 1), fc.nat(7), async (at, bit) => {
        expect(await judge(at, bit)).toMatchObject({ outcome: 'harmless', expect: ['sound'] });
      }),
      { numRuns: 10 },
    );
  });
});

describe('the superblock', () => {
  it.each<[string, number, number, TamperOutcome, string]>([
    ['signature', 2, 0, 'refused', 'no signature'],
    ['version', 8, 1, 'refused', 'refuses a value'],
    ['hash type 0', 12, 0, 'refused', 'another root hash'],
    ['hash type 3', 12, 1, 'refused', 'refuses a value'],
    ['UUID', 20, 7, 'harmless', 'UUID'],
    ['another algorithm', 33, 0, 'refused', 'refuses a value'],
    ['algorithm in other case', 32, 5, 'refused', 'the kernel has no hash'],
    ['data block size', 65, 3, 'refused', 'refuses a value'],
    ['hash block size', 69, 5, 'refused', 'refuses a value'],
    ['fewer blocks', 73, 0, 'refused', 'ends before the file system'],
    ['more blocks, the same tree', 72, 0, 'harmless', 'longer than the file system'],
    ['more blocks than there is room', 73, 2, 'refused', 'longer than the partition'],
    ['salt size', 80, 0, 'refused', 'another root hash'],
    ['salt', 89, 6, 'refused', 'another root hash'],
    ['behind the salt', 91, 6, 'harmless', 'not a field'],
    ['behind the name of the algorithm', 50, 0, 'harmless', 'not a field'],
    ['padding', 400, 0, 'harmless', 'not a field'],
  ])('%s', async (_, at, bit, outcome, why) => {
    const judge = await judgeIn('verity superblock', { second: false });
    expect(await judge(at, bit)).toMatchObject({ outcome, why: expect.stringContaining(why) as string });
  });
});

it('is unprotected as a whole when the state says so', async () => {
  const strata = rootStrata((await subjectOf()).subject, 'off');
  expect(strata.map(({ unprotected }) => unprotected)).toEqual(['off', 'off', 'off', 'off']);
});
