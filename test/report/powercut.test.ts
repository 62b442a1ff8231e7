import { expect, it } from 'vitest';
import type { Powercuts } from '../../pipeline/formats/powercut.ts';
import { drawPowercuts } from '../../pipeline/report/powercut.ts';

const SOUND: Powercuts = {
  format: 1,
  image: 'reef.vhdx',
  active: 'B',
  selector: 'kept',
  seed: 13,
  from: 100,
  to: 400,
  writes: 290,
  bytes: 7 * 2 ** 20,
  flushes: 9,
  passed: true,
  seconds: 61,
  kinds: [
    { kind: 'clean', cuts: 5, old: 3, new: 2, failed: 0 },
    { kind: 'torn', cuts: 7, old: 7, new: 0, failed: 0 },
    { kind: 'lossy', cuts: 4, old: 4, new: 0, failed: 1 },
  ],
  checks: [{ partition: 'Shells', states: 6, corrected: 2, failed: 1 }],
  strays: [],
  failures: [],
};
const draw = (own: Partial<Powercuts> = {}, color = false): string =>
  drawPowercuts({ ...SOUND, ...own }, { width: 220, color });

it('has a line a kind, one a file system, and one that says it all', () => {
  const lines = draw().split('\n');
  expect(lines.slice(0, 4).map(line => line.trim().split(/ {2,}/))).toEqual([
    ['the power goes', 'cuts', 'old starts', 'new starts', 'failed'],
    ['between two writes', '5', '3', '2', '0'],
    ['within a write', '7', '7', '0', '0'],
    ['and the cache is lost', '4', '4', '0', '1'],
  ]);
  expect(lines.slice(4)).toEqual([
    '',
    'Shells: 6 different states checked, 2 corrected by more than the journal, 1 not sound afterwards',
    'reef.vhdx: 16 power cuts in 290 writes of 7 MiB with 9 flushes (seed 13); each leaves one version whole, and that one starts; neither slot B nor a selector was written; 1m 01s in all.',
  ]);
});

it('names each cut that went wrong, and each write that must not be', () => {
  const text = draw({
    passed: false,
    strays: ['entry 3 of the log'],
    failures: [{ kind: 'torn', cut: 'after 512 bytes of entry 7', faults: ['one', 'two'] }],
  });
  expect(text).toContain('STRAY: entry 3 of the log');
  expect(text).toContain('FAILED: torn, after 512 bytes of entry 7: one; two');
  expect(text).toContain('; 1 leave a disk that is not whole; 1 write to where nothing is to be written;');
});

it('says of an update that brings a selector only what is so', () => {
  expect(draw({ selector: 'updated' })).toContain('; slot B was not written; ');
});

it('is red when it failed', () => {
  const ending = (text: string): string => text.split('\n').at(-1) ?? '';
  expect(ending(draw({}, true))).not.toBe(ending(draw({ passed: false }, true)));
});
