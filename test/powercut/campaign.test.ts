import { describe, expect, it } from 'vitest';
import { encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import { readWriteLog } from '../../pipeline/formats/write-log.ts';
import { describe as told, runCuts, type CampaignResult } from '../../pipeline/powercut/campaign.ts';
import { contentsOf } from '../../pipeline/powercut/contents.ts';
import type { SlotContent } from '../../pipeline/powercut/slot-content.ts';
import { stateAfter } from '../../pipeline/powercut/states.ts';
import { slotOf } from '../../pipeline/powercut/subject.ts';
import { seededNumbers } from '../../pipeline/tamper/random.ts';
import { filled, logOf, type Logged } from '../formats/logged-writes.ts';
import { made, spyOn } from '../formats/made.ts';
import { cutDisk, kernel, NEW_ROOT, STATE, STATE_AT, UPDATED, type CutDisk } from './disk.ts';

const COUNT = 120;

/** What an update writes, as steps that can be done in another order. */
async function steps({ at }: CutDisk) {
  const state = (variables: Record<string, string>): Logged[] =>
    ['ReefA', 'ReefB'].flatMap(name => [
      { start: at(name) + STATE_AT, bytes: encodeGrubenv(variables) },
      'flush' as const,
    ]);
  const pieces = (name: string, bytes: Uint8Array): Logged[] =>
    Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) => ({
      start: at(name) + index * 65_536,
      bytes: bytes.slice(index * 65_536, (index + 1) * 65_536),
    }));
  return {
    boot: pieces('HullB', await kernel(NEW_ROOT.asks)),
    root: pieces('SandB', made('fec-2')),
    data: [{ start: at('Shells') + 4096, bytes: filled(4096, 5) }] as Logged[],
    flush: ['flush'] as Logged[],
    begin: state({ ...STATE, B_TRY: '0' }),
    end: state(UPDATED),
  };
}

type Steps = Awaited<ReturnType<typeof steps>>;

interface Campaign extends CampaignResult {
  checked: number;
  progress: number[];
}

async function campaign(order: (steps: Steps) => Logged[], fault = ''): Promise<Campaign> {
  const disk = await cutDisk();
  const own = await steps(disk);
  const bytes = logOf(order(own));
  const { read: log } = spyOn(bytes);
  const { read: base } = spyOn(disk.bytes);
  const { entries } = await readWriteLog(log, bytes.length);
  const subject = await disk.subject();
  const whole = logOf([...own.boot, ...own.root]);
  const all = (await readWriteLog(spyOn(whole).read, whole.length)).entries;
  const updated = contentsOf({ base, log: spyOn(whole).read })(stateAfter(all, all.length));
  const contents = contentsOf({ base, log });
  const before = contents([]);
  const selectors = await Promise.all(subject.selectors.map(async each => before.selector(each)));
  const progress: number[] = [];
  let checked = 0;
  const result = await runCuts({
    contents,
    entries,
    from: 0,
    to: entries.length,
    subject,
    versions: {
      active: 'A',
      old: (await before.slot(slotOf(subject, 'A'))) as SlotContent,
      new: (await updated.slot(slotOf(subject, 'B'))) as SlotContent,
      selectors: selectors.map(each => each?.sha256 ?? ''),
    },
    count: COUNT,
    random: seededNumbers(23, 'campaign'),
    signal: new AbortController().signal,
    check: async () => {
      checked += 1;
      return fault === '' ? [] : [fault];
    },
    onCut: done => void progress.push(done),
  });
  return { ...result, checked, progress };
}

const sum = ({ kinds }: CampaignResult, of: 'cuts' | 'old' | 'new' | 'failed'): number =>
  kinds.reduce((all, each) => all + each[of], 0);
const faults = ({ failures }: CampaignResult): string[] => [...new Set(failures.flatMap(each => each.faults))];

describe('an update in the right order', () => {
  const right = ({ begin, boot, root, data, flush, end }: Steps): Logged[] => [
    ...begin,
    ...boot,
    ...root,
    ...flush,
    ...data,
    ...end,
    ...data,
  ];

  it('leaves a version whole, whenever the power goes', async () => {
    const found = await campaign(right);
    expect(found.failures).toEqual([]);
    expect(sum(found, 'cuts')).toBe(COUNT);
    expect(sum(found, 'old') + sum(found, 'new')).toBe(COUNT);
    for (const { cuts } of found.kinds) expect(cuts).toBeGreaterThan(0);
    expect([sum(found, 'old') > 10, sum(found, 'new') > 0, found.checked]).toEqual([true, true, COUNT]);
    expect(found.progress.at(-1)).toBe(COUNT);
  });

  it('fails all the same where a file system is not sound', async () => {
    const found = await campaign(right, 'Shells: barnacles');
    expect(sum(found, 'failed')).toBe(COUNT);
    expect(faults(found)).toEqual(['Shells: barnacles']);
  });
});

describe('an update in another order', () => {
  it('fails when the slot is named before it is whole', async () => {
    const found = await campaign(({ begin, boot, end, root }) => [
      ...begin,
      ...boot,
      'flush',
      ...end,
      ...root,
      'flush',
    ]);
    expect(found.failures.some(({ kind }) => kind === 'clean')).toBe(true);
    // At its end the slot is whole.
    expect(sum(found, 'new')).toBeGreaterThan(0);
    expect(faults(found)).toContain(
      'the selector would start a slot that is not whole: slot B: no hash tree where its kernel looks for it',
    );
  });

  it('fails when the slot is named before it is flushed: a cache may lose it, nothing else shows that', async () => {
    const found = await campaign(({ begin, boot, root, end }) => [...begin, ...boot, ...root, ...end]);
    expect(found.failures.length).toBeGreaterThan(0);
    expect(new Set(found.failures.map(({ kind }) => kind))).toEqual(new Set(['lossy']));
    expect(found.failures[0]?.cut).toMatch(/^after entry \d+, without \d/);
  });

  it('fails when the old version still starts at its end, or another one before its begin', async () => {
    expect(faults(await campaign(({ boot, root }) => [...boot, ...root, 'flush']))).toEqual([
      'the update is over, and the old version still starts',
    ]);
  });
});

it('a cut is told in words that find it again', () => {
  expect(told({ kind: 'clean', after: 0, done: 0, lost: [] })).toBe('before entry 0');
  expect(told({ kind: 'clean', after: 7, done: 0, lost: [] })).toBe('after entry 6');
  expect(told({ kind: 'torn', after: 7, done: 1024, lost: [] })).toBe('after 1024 bytes of entry 6');
  expect(told({ kind: 'lossy', after: 7, done: 0, lost: [3, 5] })).toBe('after entry 6, without 3, 5');
});
