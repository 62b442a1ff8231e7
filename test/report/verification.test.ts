import { expect, test } from 'vitest';
import type { Rebuild, Verification } from '../../pipeline/formats/verification.ts';
import { drawVerification } from '../../pipeline/report/verification.ts';

const SOUND: Verification = {
  folder: 'out/galleon/7.3',
  image: 'galleon',
  version: '7.3',
  trust: { keyid: 'ab'.repeat(32), file: 'keys/anchor.crt', from: 'definition' },
  checks: [
    { name: 'signature', result: 'ok', evidence: 'SHA256SUMS by the key abab', faults: [] },
    { name: 'bundle', result: 'none', evidence: 'the release has none', faults: [] },
  ],
  rebuild: null,
};
const draw = (own: Partial<Verification>, width: number | null = null): string[] =>
  drawVerification({ ...SOUND, ...own }, { width, color: false }).split('\n');

test('a sound release', () =>
  expect(draw({})).toEqual([
    'galleon 7.3 in out/galleon/7.3',
    `trusted: keys/anchor.crt, which the definition here names; key ${'ab'.repeat(32)}`,
    'ok     signature  SHA256SUMS by the key abab',
    '-      bundle     the release has none',
    'the release is sound; it has no bundle',
  ]));

test('every fault is told, and never cut', () => {
  const told = `galleon.vhdx has the SHA-256 ${'c'.repeat(64)}`;
  const checks = [
    { name: 'files', result: 'fault' as const, evidence: 'seven files, by all they are', faults: [told, 'x'] },
  ];
  expect(draw({ checks }, 30).slice(2)).toEqual([
    'FAULT  files  seven files, by…',
    `         ${told}`,
    '         x',
    'REFUSED: 2 faults',
  ]);
});

const DIFFERENT: Rebuild = {
  result: 'different',
  materials: ['overlays/paint'],
  compared: 9,
  step: { id: 'deck', stage: 'tree', parts: ['options.color: released red, here blue'] },
  artifacts: [
    {
      name: 'galleon.vhdx',
      released: 'd'.repeat(64),
      rebuilt: 'e'.repeat(64),
      places: [
        {
          partition: 'SysA',
          start: 4096,
          bytes: 7,
          count: 9,
          ranges: [{ start: 10, end: 12 }],
          files: [
            { path: '/etc/motd', change: 'content', count: 1, ranges: [{ start: 3, end: 4 }] },
            { path: '/etc/new', change: 'added', count: 0, ranges: [] },
          ],
        },
      ],
    },
  ],
};

test('what is built again tells material, step, partition, file and bytes', () =>
  expect(draw({ rebuild: DIFFERENT }).slice(4)).toEqual([
    'FAULT  built again: not the same, 9 steps compared',
    '         not as released: overlays/paint',
    '         the first step that differs: deck (tree)',
    '           options.color: released red, here blue',
    '         galleon.vhdx: released dddddddddddddddd, here eeeeeeeeeeeeeeee',
    '           SysA (at 4096): 7 bytes in 9 ranges: [10, 12), and 8 more',
    '             /etc/motd: bytes [3, 4)',
    '             /etc/new: only in what is built here',
    'REFUSED: what is built here is not what was released',
  ]));

test('a step that gives other bytes for the same key', () => {
  const step = { id: 'deck', stage: 'tree', parts: [] };
  expect(draw({ rebuild: { ...DIFFERENT, step } })[7]).toMatch(/by no part of its key/);
});

test.each([
  ['identical', 'the release is sound, and bit-identical when built again; it has no bundle'],
  ['unsigned', 'the release is sound, and the same up to the signatures; it has no bundle'],
] as const)('built again: %s', (result, last) =>
  expect(draw({ rebuild: { result, materials: [], compared: 9, step: null, artifacts: [] } }).at(-1)).toBe(last),
);
