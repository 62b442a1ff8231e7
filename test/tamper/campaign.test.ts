import { describe, expect, it, vi } from 'vitest';
import { runStratum, type CampaignOptions } from '../../pipeline/tamper/campaign.ts';
import { placeInCopy, type Check } from '../../pipeline/tamper/check.ts';
import { drawFlips } from '../../pipeline/tamper/draw.ts';
import { seededNumbers } from '../../pipeline/tamper/random.ts';
import type { Judgement, Place, Stratum } from '../../pipeline/tamper/trial.ts';

const CHECK: Check = {
  tool: 'sonar',
  copy: { name: 'reef', length: 9, pieces: [{ start: 40, end: 44, at: 5 }] },
  argv: [],
  files: {},
  verdict: () => 'sound',
};

function place(start: number, end: number, judgement: Judgement): Place {
  return { start, end, check: CHECK, judge: async () => judgement };
}

const HARMLESS: Judgement = { outcome: 'harmless', why: 'sand', expect: ['sound'] };
const options = (own: Partial<CampaignOptions> = {}): CampaignOptions => ({
  count: 200,
  seed: 7,
  signal: new AbortController().signal,
  repeat: async () => 'sound',
  onTrial: () => undefined,
  ...own,
});
const stratum = (...places: Place[]): Stratum => ({ name: 'reef', places, unprotected: '' });

describe('drawFlips', () => {
  const places = [place(100, 350, HARMLESS), place(1000, 1003, HARMLESS)];

  it('draws the same bits of the places for the same seed and name, others for another', () => {
    const draw = (seed: number, name = 'reef') =>
      Array.from(drawFlips({ name, places }, { count: 300, seed }), ({ flip }) => flip);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7)).not.toEqual(draw(7, 'kelp'));
    for (const { offset, bit } of draw(7)) {
      expect((offset >= 100 && offset < 350) || (offset >= 1000 && offset < 1003)).toBe(true);
      expect([0, 1, 2, 3, 4, 5, 6, 7]).toContain(bit);
    }
    expect(new Set(draw(7).map(({ offset }) => offset)).size).toBeGreaterThan(100);
  });

  it('walks a stratum of fewer bits from end to end, and again', () => {
    const flips = [...drawFlips({ name: 'reef', places: [place(5, 7, HARMLESS)] }, { count: 20, seed: 7 })];
    expect(flips.map(({ flip }) => flip.offset * 8 + flip.bit)).toEqual(
      Array.from({ length: 20 }, (_, index) => 40 + (index % 16)),
    );
    expect([...drawFlips({ name: 'reef', places: [] }, { count: 20, seed: 7 })]).toEqual([]);
  });

  it('draws evenly', () => {
    const number = seededNumbers(7, 'reef');
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 4000; index += 1) {
      const drawn = number(4);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    for (const each of counts) expect(each).toBeGreaterThan(900);
  });
});

describe('runStratum', () => {
  it('counts outcomes and reasons, and repeats 2 % with the program', async () => {
    const repeat = vi.fn<CampaignOptions['repeat']>(async () => 'sound');
    const found = await runStratum(stratum(place(0, 500, HARMLESS)), options({ repeat }));
    expect(found.stratum).toMatchObject({
      trials: 200,
      repeated: 4,
      bytes: 500,
      outcomes: { harmless: 200, failed: 0 },
    });
    expect(found.stratum.reasons).toEqual([{ outcome: 'harmless', why: 'sand', trials: 200 }]);
    expect(repeat).toHaveBeenCalledTimes(4);
    expect([...found.repeated]).toEqual([['sonar', 4]]);
    expect([found.failures, found.disagreements]).toEqual([[], []]);
  });

  it('repeats one at the least', async () => {
    const found = await runStratum(stratum(place(0, 500, HARMLESS)), options({ count: 1 }));
    expect(found.stratum.repeated).toBe(1);
  });

  it('repeats none where no program can tell', async () => {
    const found = await runStratum(stratum(place(0, 500, { ...HARMLESS, expect: null })), options());
    expect(found.stratum.repeated).toBe(0);
  });

  it('lists each trial in which a wrong byte would go unnoticed, and each disagreement', async () => {
    const failed = await runStratum(stratum(place(0, 1, { ...HARMLESS, outcome: 'failed', expect: null })), options());
    expect(failed.failures).toHaveLength(200);
    const other = await runStratum(stratum(place(0, 500, HARMLESS)), options({ repeat: async () => 'damaged' }));
    expect(other.disagreements.map(each => each.why)).toEqual(
      Array.from({ length: 4 }, () => 'sonar says damaged, we say sound: sand'),
    );
  });

  it('flips nothing in what is unprotected', async () => {
    const judge = vi.fn<Place['judge']>(async () => HARMLESS);
    const found = await runStratum(
      { name: 'kelp', unprotected: 'it grows', places: [{ start: 0, end: 9, judge, check: null }] },
      options(),
    );
    expect(found.stratum).toMatchObject({ trials: 0, unprotected: 'it grows', bytes: 9 });
    expect(judge).not.toHaveBeenCalled();
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const onTrial = (): void => controller.abort(new Error('enough'));
    const run = runStratum(stratum(place(0, 500, HARMLESS)), options({ signal: controller.signal, onTrial }));
    await expect(run).rejects.toThrow('enough');
  });
});

it('finds a byte of the disk in a copy', () => {
  expect([39, 40, 43, 44].map(offset => placeInCopy(CHECK.copy, offset))).toEqual([null, 5, 8, null]);
});
