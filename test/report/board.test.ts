import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Board } from '../../pipeline/report/board.ts';
import type { Event } from '../../pipeline/report/events.ts';
import { columnsOf } from '../../pipeline/report/text.ts';

const STEPS = ['packages', 'tree', 'uki', 'disk'].map(id => ({
  id,
  summary: `${id} of kiosk`,
  cached: id === 'uki',
  why: '',
}));
const EVENTS: [number, Event][] = [
  [0, { type: 'started', task: { id: 'tools', summary: 'programs of Debian 13' } }],
  [2, { type: 'finished', id: 'tools', seconds: 2, detail: '412 MiB' }],
  [2, { type: 'planned', image: 'kiosk', version: '3.7', steps: STEPS }],
  [2, { type: 'reused', id: 'uki', detail: '' }],
  [
    3,
    {
      type: 'warning',
      message: 'The mirror answered only at the third try, after a quarter of a minute',
      hint: 'name another',
    },
  ],
  [3, { type: 'started', task: { id: 'packages', summary: 'packages of kiosk' } }],
  [4, { type: 'started', task: { id: 'tree', summary: 'tree of kiosk' } }],
  [5, { type: 'progress', id: 'packages', fraction: 0.5, detail: 'installing\u001b[2J libkmod2' }],
];

function boardAfter(events: [number, Event][]): Board {
  const board = new Board();
  for (const [time, event] of events) board.apply(event, time);
  return board;
}

function draw(board: Board, width: number, now: number): string[] {
  const { lines, head } = board.lines(width, now);
  return [...lines.map(({ state, text }) => `${state}: ${text}`), `head: ${head}`];
}

test('reused in one line, then what is over, what runs, the whole', () => {
  expect(draw(boardAfter(EVENTS), 76, 75)).toEqual([
    'done: 1 step reused',
    'done: tools        2.0s  programs of Debian 13  412 MiB',
    'warning: The mirror answered only at the third try, after a quarter of a minute\n(hint: name another)',
    'running: packages   1m 12s  ██████████░░░░░░░░░░  50%  packages of kiosk\n› installing libkmod2',
    'running: tree       1m 11s  tree of kiosk',
    'head: kiosk 3.7  1m 15s  0 of 3 steps',
  ]);
});

test('narrow: a shorter bar, the summary gives way to the detail', () => {
  expect(draw(boardAfter(EVENTS), 56, 5)).toContain(
    'running: packages     2.0s  █████░░░░░  50%  packages of kiosk\n› installing libkmod2',
  );
  expect(draw(boardAfter(EVENTS), 36, 5)[1]).toBe('done: tools        2.0s  program…  412 MiB');
  expect(draw(boardAfter(EVENTS), 36, 5)[3]).toBe(
    'running: packages     2.0s   50%  packages o…\n› installing libkmod2',
  );
});

test('the end of a build', () => {
  const board = boardAfter([
    ...EVENTS,
    [9, { type: 'finished', id: 'tree', seconds: 5, detail: '' }],
    [10, { type: 'finished', id: 'packages', seconds: 7, detail: '156 packages' }],
    [11, { type: 'published', path: '/srv/out/kiosk.vhdx', bytes: 2 ** 21, sha256: 'c0ffee'.repeat(10) }],
    [
      11,
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
      11,
      {
        type: 'budgets',
        budgets: [
          { name: 'root', limit: 2 ** 27, found: 3 * 2 ** 25 },
          { name: 'setuid', limit: 4, found: 0 },
        ],
      },
    ],
    [
      12,
      {
        type: 'built',
        image: 'kiosk',
        version: '3.7',
        seconds: 12,
        built: 2,
        reused: 1,
        report: '/srv/out/report.html',
      },
    ],
  ]);
  board.stop(12, false);
  expect(draw(board, 76, 12).slice(3)).toEqual([
    'done: tree         5.0s  tree of kiosk',
    'done: packages     7.0s  packages of kiosk  156 packages',
    'done: /srv/out/kiosk.vhdx  2 MiB  sha256 c0ffeec0ffee',
    'done: sys: 64 MiB of 128 MiB, 64 MiB left in SysA and SysB (1 MiB reserved)',
    'done: budgets: root 96 MiB of 128 MiB, setuid 0 of 4',
    'done: report: /srv/out/report.html',
    'head: kiosk 3.7 built in 12.0s: 2 steps built, 1 reused',
  ]);
});

test('a failure marks its task; what ran beside it is stopped', () => {
  const board = boardAfter([...EVENTS, [9, { type: 'failed', id: 'tree', seconds: 5 }]]);
  board.stop(10, true);
  expect(draw(board, 76, 10).slice(3)).toEqual([
    'failed: tree         5.0s  tree of kiosk  failed',
    'stopped: packages     7.0s  packages of kiosk  stopped',
    'head: kiosk 3.7 failed after 10.0s',
  ]);
});

test('an interruption', () => {
  const board = boardAfter(EVENTS);
  board.stop(10, true);
  expect(draw(board, 76, 10).at(-1)).toBe('head: kiosk 3.7 stopped after 10.0s');
});

test('a step that waits is there with what it waits for, and gone once it was reused', () => {
  const waits: [number, Event][] = [
    ...EVENTS,
    [6, { type: 'waiting', id: 'disk', detail: 'another build\u001b[2J is making it' }],
  ];
  expect(draw(boardAfter(waits), 76, 9).slice(-3)).toEqual([
    'running: tree         5.0s  tree of kiosk',
    'running: disk         3.0s  waits\n› another build is making it',
    'head: kiosk 3.7  9.0s  0 of 3 steps',
  ]);
  const reused = boardAfter([...waits, [9, { type: 'reused', id: 'disk', detail: '9 MiB' }]]);
  expect(draw(reused, 76, 9)[0]).toBe('done: 2 steps reused');
  expect(draw(reused, 76, 9).join('\n')).not.toContain('disk');
});

test('a step that waited and then begins counts its own time', () => {
  const board = boardAfter([
    ...EVENTS,
    [6, { type: 'waiting', id: 'disk', detail: 'another build is making it' }],
    [20, { type: 'started', task: { id: 'disk', summary: 'disk of kiosk' } }],
  ]);
  expect(draw(board, 76, 22)).toContain('running: disk         2.0s  disk of kiosk');
  expect(draw(board, 76, 22).join('\n')).not.toContain('another build');
});

test('a task that waits while it runs keeps its time, its bar and what it is', () => {
  const board = boardAfter([...EVENTS, [8, { type: 'waiting', id: 'packages', detail: 'another build is at it' }]]);
  expect(draw(board, 76, 9)).toContain(
    'running: packages     6.0s  ██████████░░░░░░░░░░  50%  packages of kiosk\n› another build is at it',
  );
});

test('what waits at the end was stopped', () => {
  const board = boardAfter([...EVENTS, [6, { type: 'waiting', id: 'disk', detail: 'another build is making it' }]]);
  board.stop(10, true);
  expect(draw(board, 76, 10)).toContain('stopped: disk         4.0s  waits  stopped');
});

test('no row is wider than asked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 16, max: 120 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      (width, now, text) => {
        const board = boardAfter([
          ...EVENTS,
          [5, { type: 'progress', id: 'tree', fraction: 1, detail: text }],
          [6, { type: 'warning', message: text, hint: text }],
          [6, { type: 'waiting', id: text, detail: text }],
        ]);
        const rows = board.lines(width, now).lines.flatMap(line => line.text.split('\n'));
        expect(Math.max(...rows.map(columnsOf))).toBeLessThanOrEqual(width);
      },
    ),
  );
});
