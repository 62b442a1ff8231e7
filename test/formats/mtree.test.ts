import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMtree, encodeMtree, type MtreeEntry } from '../../pipeline/formats/mtree.ts';

const FILE: MtreeEntry = {
  path: '/srv/a b#c\\d=é',
  type: 'file',
  mode: 0o4755,
  uid: 12,
  gid: 34,
  bytes: 56,
  target: null,
  sha256: 'ab'.repeat(32),
  tag: 'galleon',
};
const EMPTY = { bytes: 0, target: null, sha256: null, tag: null } as const;

test('one line a path', () => {
  const entries: MtreeEntry[] = [
    { ...EMPTY, path: '/', type: 'directory', mode: 0o755, uid: 0, gid: 0 },
    FILE,
    { ...EMPTY, path: '/srv/l', type: 'symlink', mode: 0o777, uid: 0, gid: 0, target: '../a b', tag: 'unowned' },
  ];
  expect(encodeMtree(entries)).toBe(
    [
      '#mtree',
      '. type=dir mode=0755 uid=0 gid=0',
      `./srv/a\\040b\\043c\\134d\\075\\303\\251 type=file mode=4755 uid=12 gid=34 size=56 sha256digest=${'ab'.repeat(32)} tags=galleon`,
      './srv/l type=link mode=0777 uid=0 gid=0 link=../a\\040b tags=unowned',
      '',
    ].join('\n'),
  );
  expect(decodeMtree(encodeMtree(entries))).toEqual(entries);
});

test('any name and target come back', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(name, name, (path, target) => {
      const entry: MtreeEntry = { ...FILE, path: `/${path}`, type: 'symlink', bytes: 0, sha256: null, target };
      expect(decodeMtree(encodeMtree([entry]))).toEqual([entry]);
    }),
  );
});

test.each([
  ['nothing', '', 'starts with #mtree'],
  ['a cut line', '#mtree\n./a type=dir mode=0755 uid=0 gid', 'ends with a whole line'],
  ['a line of words', '#mtree\n./b type=dir mode=0755 uid=0 gid=0\nhello there\n', 'line 3'],
  ['an unknown type', '#mtree\n./a type=fifo mode=0755 uid=0 gid=0\n', 'line 2'],
  ['a file without a size', '#mtree\n./a type=file mode=0755 uid=0 gid=0\n', 'line 2'],
  ['a path twice', '#mtree\n./a type=dir mode=4755 uid=0 gid=0\n./a type=dir mode=0755 uid=0 gid=0\n', 'line 3 of'],
  ['a number with a tail', '#mtree\n./a type=dir mode=0755 uid=0x gid=0\n', 'line 2'],
  ['a mode that is not octal', '#mtree\n./a type=dir mode=07559 uid=0 gid=0\n', 'line 2'],
  ['a keyword twice', '#mtree\n./a type=dir mode=4755 mode=0755 uid=0 gid=0\n', 'line 2'],
  ['an unknown keyword', '#mtree\n./a type=dir mode=0755 uid=0 gid=0 flags=schg\n', 'line 2'],
])('refuses %s', (_, text, message) => expect(() => decodeMtree(text)).toThrow(message));
