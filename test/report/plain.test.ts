import { expect, test } from 'vitest';
import type { Event } from '../../pipeline/report/events.ts';
import { createPlainRenderer } from '../../pipeline/report/plain.ts';
import { fakeClock, fakeStream } from './streams.ts';

async function render(events: [number, Event][]): Promise<{ out: string; err: string }> {
  const [stdout, stderr, clock] = [fakeStream(40), fakeStream(40), fakeClock()];
  const renderer = createPlainRenderer({ stdout: stdout.stream, stderr: stderr.stream, seconds: clock.seconds });
  for (const [time, event] of events) {
    clock.at(time);
    renderer.emit(event);
  }
  await renderer.close();
  return { out: stdout.text(), err: stderr.text() };
}

test('a build, one line an event', async () => {
  const { out, err } = await render([
    [0.04, { type: 'started', task: { id: 'fetch', summary: 'packages of kiosk' } }],
    [2.5, { type: 'finished', id: 'fetch', seconds: 2.46, detail: '' }],
    [
      2.6,
      {
        type: 'planned',
        image: 'kiosk',
        version: '3.7',
        steps: [
          { id: 'rootfs-kiosk', summary: 'tree', cached: false, why: 'changed' },
          { id: 'initrd', summary: 'initrd', cached: true, why: '' },
        ],
      },
    ],
    [2.6, { type: 'waiting', id: 'initrd', detail: 'another\u001b[1m build is making it' }],
    [2.6, { type: 'reused', id: 'initrd', detail: '6 MiB' }],
    [2.7, { type: 'started', task: { id: 'rootfs-kiosk', summary: 'root tree of kiosk' } }],
    [3, { type: 'warning', message: 'slow\nmirror', hint: 'name another' }],
    [3, { type: 'warning', message: 'no swap', hint: '' }],
    [17.3, { type: 'finished', id: 'rootfs-kiosk', seconds: 14.6, detail: '\u001b[32m182 MB\u001b[0m' }],
    [101, { type: 'failed', id: 'disk', seconds: 83.7 }],
    [102, { type: 'published', path: '/srv/out/kiosk.vhdx', bytes: 17 * 2 ** 20, sha256: '9f'.repeat(32) }],
    [
      103,
      {
        type: 'headroom',
        content: 'sys',
        partitions: ['SysA', 'SysB'],
        size: 2 ** 27,
        used: 2 ** 26,
        free: 2 ** 26,
        reserve: 2 ** 20,
      },
    ],
    [
      103,
      {
        type: 'headroom',
        content: 'sys',
        partitions: ['SysA', 'SysB'],
        size: 2 ** 27,
        used: 2 ** 26,
        free: 2 ** 26,
        reserve: 0,
      },
    ],
    [
      1102,
      {
        type: 'budgets',
        budgets: [
          { name: 'root', limit: 2 ** 27, found: 3 * 2 ** 25 },
          { name: 'setuid', limit: 4, found: 0 },
        ],
      },
    ],
    [
      1102.25,
      {
        type: 'built',
        image: 'kiosk',
        version: '3.7',
        seconds: 74.2,
        built: 1,
        reused: 5,
        report: '/srv/out/report.html',
      },
    ],
  ]);
  expect(out).toBe(
    [
      '[  0.0s] fetch     packages of kiosk',
      '[  2.5s] fetch     done in 2.5s',
      '[  2.6s] kiosk         3.7: 2 steps, 1 to build, 1 to reuse',
      '[  2.6s] initrd        waits: another build is making it',
      '[  2.6s] initrd        reused (6 MiB)',
      '[  2.7s] rootfs-kiosk  root tree of kiosk',
      '[ 17.3s] rootfs-kiosk  done in 14.6s (182 MB)',
      '[101.0s] disk          FAILED after 1m 24s',
      '[102.0s] wrote         /srv/out/kiosk.vhdx  17 MiB  sha256 9f9f9f9f9f9f',
      '[103.0s] room          sys: 64 MiB of 128 MiB, 64 MiB left in SysA and SysB (1 MiB reserved)',
      '[103.0s] room          sys: 64 MiB of 128 MiB, 64 MiB left in SysA and SysB',
      '[1102.0s] budgets       root 96 MiB of 128 MiB, setuid 0 of 4',
      '[1102.3s] kiosk         3.7 built in 1m 14s: 1 step built, 5 reused; report: /srv/out/report.html',
      '',
    ].join('\n'),
  );
  expect(err).toBe('[  3.0s] warning       slow mirror (hint: name another)\n[  3.0s] warning       no swap\n');
});

const START: [number, Event] = [0, { type: 'started', task: { id: 'tree', summary: 'the tree' } }];
const progress = (time: number, fraction: number | null, detail: string): [number, Event] => [
  time,
  { type: 'progress', id: 'tree', fraction, detail },
];

async function progressLines(events: [number, Event][]): Promise<string[]> {
  return (await render([START, ...events])).out.split('\n').slice(1, -1);
}

test('a known fraction is told every quarter, not below a second, not at the end', async () => {
  const steps = Array.from({ length: 101 }, (_, index) => progress(index / 2, index / 100, `file ${index}`));
  expect(await progressLines(steps)).toEqual([
    '[ 12.5s] tree      25% file 25',
    '[ 25.0s] tree      50% file 50',
    '[ 37.5s] tree      75% file 75',
  ]);
  expect(await progressLines([progress(0.2, 0.3, 'a'), progress(0.9, 0.9, 'b')])).toEqual([]);
});

test('an unknown fraction is told every ten seconds, when there is news', async () => {
  const steps = Array.from({ length: 35 }, (_, second) => progress(second, null, `package ${second}`));
  expect(await progressLines(steps)).toEqual([
    '[ 10.0s] tree      package 10',
    '[ 20.0s] tree      package 20',
    '[ 30.0s] tree      package 30',
  ]);
  expect(await progressLines([progress(11, null, 'waiting'), progress(22, null, 'waiting')])).toEqual([
    '[ 11.0s] tree      waiting',
  ]);
});

test('a long silence is broken once a minute', async () => {
  const steps = Array.from({ length: 125 }, (_, second) => progress(second, 0.1, 'large file'));
  expect(await progressLines(steps)).toEqual([
    '[ 60.0s] tree      10% large file',
    '[120.0s] tree      10% large file',
  ]);
});
