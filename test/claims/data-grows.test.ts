import { expect, test } from 'vitest';
import { judgeGrowth, type Growth } from '../../pipeline/claims/data-grows.ts';

const MIB = 2 ** 20;
const once: Growth = {
  diskBytes: 900 * MIB,
  start: 500 * MIB,
  end: 899 * MIB,
  filesystemBytes: 399 * MIB,
  backup: true,
  others: { Diary: '2048+1024 aa bb' },
  logDigest: 'c0ffee',
};
const twice: Growth = { ...once, diskBytes: 1400 * MIB, end: 1399 * MIB, filesystemBytes: 899 * MIB };
const wrong = (first: Growth, second: Growth): string[] =>
  judgeGrowth(first, second)
    .filter(each => !each.fits)
    .map(each => each.text);

test('grown twice as promised', () => {
  expect(wrong(once, twice)).toEqual([]);
});

test.each([
  [
    'the disk did not grow',
    { diskBytes: once.diskBytes, end: once.end, filesystemBytes: once.filesystemBytes },
    /^disk 900 MiB, then 900 MiB/,
  ],
  [
    'the partition did not',
    { end: once.end, filesystemBytes: once.filesystemBytes },
    /second time: the partition ends 501 MiB before/,
  ],
  [
    'the file system did not',
    { filesystemBytes: once.filesystemBytes },
    /second time: its file system fills 399 MiB of 899 MiB/,
  ],
  ['no backup table', { backup: false }, /NOT at the end/],
  ['a neighbour moved', { others: { Diary: '4096+1024 aa bb' } }, /Diary CHANGED from 2048\+1024 aa bb/],
  ['a neighbour is gone', { others: {} }, /to nothing/],
  ['its bytes changed', { logDigest: 'd00d' }, /8 MiB on the log partition CHANGED/],
] as const)('%s', (_, change, text) => {
  expect(wrong(once, { ...twice, ...change })).toEqual([expect.stringMatching(text)]);
});
