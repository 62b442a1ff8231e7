import { expect, it } from 'vitest';
import { compareSnapshots } from '../../pipeline/formats/difference.ts';
import { drawNews, drawProgress, type DevNews } from '../../pipeline/report/dev.ts';
import { fileOf, snapshotOf } from '../formats/difference/snapshots.ts';

const MIB = 2 ** 20;
const draw = (news: DevNews, color = false): string => drawNews(news, { width: 90, color });

it('what was edited, and not a page of it', () => {
  expect(draw({ type: 'edited', files: [{ path: 'layouts/galleon.yaml', what: 'changed' }] })).toBe(
    '\nlayouts/galleon.yaml has changed',
  );
  const files = Array.from({ length: 30 }, (_, i) => ({ path: `overlays/hold/${i}`, what: 'gone' as const }));
  const lines = draw({ type: 'edited', files }).split('\n');
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('and 22 more');
});

it('a build that takes long says why', () =>
  expect(draw({ type: 'building', image: 'galleon', steps: 9, installs: ['hull'] })).toBe(
    'building 9 steps of galleon\n  hull installs its packages anew, which takes longer than all others',
  ));

it('partitions with what differs and where they went, then the files', () => {
  const difference = compareSnapshots(
    snapshotOf({ name: 'the build before', files: [fileOf('/etc/keel')] }),
    snapshotOf({
      name: 'this one',
      files: [fileOf('/etc/keel', { bytes: 900, sha256: 'other' }), fileOf('/etc/mast')],
    }),
  );
  const at = (start: number, size: number) => ({ start: start * MIB, end: (start + size) * MIB });
  const text = draw({
    type: 'differs',
    image: 'galleon',
    partitions: [
      { partition: 'Root', old: at(9, 40), new: at(9, 50), bytes: 3 * MIB, held: 31 * MIB },
      { partition: 'Log', old: at(49, 8), new: at(59, 8), bytes: 0, held: MIB },
      { partition: 'Keel', old: null, new: at(67, 1), bytes: 4096, held: 4096 },
    ],
    difference,
  });
  expect(text.split('\n').slice(0, 5)).toEqual([
    'Bytes on the disk',
    '   partition  differ      of             start              size',
    '~  Root        3 MiB  31 MiB             9 MiB  40 MiB -> 50 MiB',
    '~  Log           0 B   1 MiB  49 MiB -> 59 MiB             8 MiB',
    '+  Keel        4 KiB   4 KiB            67 MiB             1 MiB',
  ]);
  expect(text).toMatch(/~ {2}\/etc\/keel\s+content\s+7 B\s+900 B/);
  expect(text).toMatch(/\+ {2}\/etc\/mast/);
});

it('a machine that comes up, and how to get in', () => {
  expect(draw({ type: 'ready', image: 'galleon', seconds: 24.3, user: 'bosun' })).toBe(
    'galleon is ready after 24.3s: caisson ssh galleon',
  );
  expect(draw({ type: 'ready', image: 'galleon', seconds: 24.3, user: null })).toContain('nobody can log in');
});

it('one that does not, with the last lines of its console', () => {
  const off = { type: 'off', image: 'galleon', seconds: 3, why: '', lastLines: 'mast: lost\nKernel panic' } as const;
  expect(draw({ ...off, ready: false })).toBe(
    'galleon ended after 3.0s, before it was ready\n  the last lines of its console:\n    mast: lost\n    Kernel panic',
  );
  expect(draw({ ...off, ready: true })).toBe('galleon is off; b boots it again');
});

it('control characters of file names and consoles do not reach the terminal', () => {
  const text = draw({ type: 'edited', files: [{ path: 'overlays/\u001B[31mred', what: 'new' }] });
  expect(text).not.toContain('\u001B');
});

it('of a build: each step that ran, what it waits for, its end', () => {
  expect(drawProgress({ type: 'finished', id: 'hull', seconds: 1.42, detail: '' })).toBe('  hull               1.4s');
  expect(drawProgress({ type: 'reused', id: 'hull', detail: '' })).toBe(null);
  expect(
    drawProgress({ type: 'built', image: 'galleon', version: '4', seconds: 7.1, built: 8, reused: 9, report: '' }),
  ).toBe('built in 7.1s: 8 steps built, 9 reused');
});
