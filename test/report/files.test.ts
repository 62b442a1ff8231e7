import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileEntry } from '../../pipeline/formats/partition-files.ts';
import { drawFiles, drawPartitions, showName } from '../../pipeline/report/files.ts';

const entry = (own: Partial<FileEntry> & { path: string }): FileEntry => ({
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  bytes: 7,
  modified: 1_444_444_444,
  target: null,
  ...own,
});
const drawn = (entries: FileEntry[], paths = false): string[] =>
  drawFiles(entries, { paths, color: false }).split('\n');

describe('drawFiles', () => {
  test('as ls -l, with owners as numbers and times in UTC', () => {
    expect(
      drawn([
        entry({ path: '/etc/a b', mode: 0o4755, uid: 1000, gid: 33, bytes: 1_234_567 }),
        entry({ path: '/etc/apt', type: 'directory', mode: 0o1777 }),
        entry({ path: '/etc/l', type: 'symlink', mode: 0o777, bytes: 3, target: '../x' }),
        entry({ path: '/etc/null', type: 'other', mode: 0o2640, modified: null }),
      ]),
    ).toEqual([
      'mode          owner    bytes  modified (UTC)    name',
      '-rwsr-xr-x  1000:33  1234567  2015-10-10 02:34  a b',
      'drwxrwxrwt      0:0           2015-10-10 02:34  apt/',
      'lrwxrwxrwx      0:0           2015-10-10 02:34  l -> ../x',
      '?rw-r-S---      0:0                             null',
    ]);
  });

  test('without what vfat does not have, and with paths', () => {
    const fat = { mode: null, uid: null, gid: null };
    expect(
      drawn([entry({ ...fat, path: '/EFI', type: 'directory' }), entry({ ...fat, path: '/EFI/x.efi' })], true),
    ).toEqual([
      'bytes  modified (UTC)    path',
      '       2015-10-10 02:34  /EFI/',
      '    7  2015-10-10 02:34  /EFI/x.efi',
    ]);
  });

  test.each([
    [0o6711, '-rws--s--x'],
    [0o7000, '---S--S--T'],
    [0o1001, '---------t'],
    [0o070, '----rwx---'],
  ])('mode %o', (mode, expected) => expect(drawn([entry({ path: '/x', mode })])[1]).toMatch(expected));

  test('times that no calendar has', () => {
    expect(drawn([entry({ path: '/x', modified: 2 ** 55 })])[1]).toContain(`@${2 ** 55}`);
    expect(drawn([entry({ path: '/x', modified: -1 })])[1]).toContain('1969-12-31 23:59');
  });

  test('cuts no name, however long', () => {
    expect(drawn([entry({ path: `/${'x'.repeat(300)}` })])[1]).toMatch(/x{300}$/);
  });
});

describe('showName', () => {
  test.each([
    ['plain.txt', 'plain.txt'],
    ['a b', 'a b'],
    ['ünï—日本', 'ünï—日本'],
    [String.raw`back\slash`, String.raw`back\slash`],
    ['', '""'],
    [' x', '" x"'],
    ['x ', '"x "'],
    ['new\nline', String.raw`"new\nline"`],
    ['\u001b[31mred', String.raw`"\u001b[31mred"`],
    ['\u009b31m', String.raw`"\u{9b}31m"`],
    ['a\u202eb', String.raw`"a\u{202e}b"`],
    ['"x"', String.raw`"\"x\""`],
    ['x -> y', '"x -> y"'],
  ])('%j', (name, expected) => expect(showName(name)).toBe(expected));

  test('is one line without control characters, and never the same for two names', () => {
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^["\\ a\n\u202e]{0,4}$/));
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(showName(a)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
        if (a !== b) expect(showName(a)).not.toBe(showName(b));
      }),
    );
  });
});

test('drawPartitions', () => {
  const rows = [
    { number: 3, name: 'Kelp', content: 'erofs', size: 4 * 2 ** 30 },
    { number: 12, name: 'ti\u001b[2Jde', content: 'none (empty)', size: 1500 },
  ];
  expect(drawPartitions(rows, { width: 80, color: false }).split('\n')).toEqual([
    ' #  partition        file system      size',
    ' 3  Kelp             erofs           4 GiB',
    String.raw`12  "ti\u001b[2Jde"  none (empty)  1.5 KiB`,
  ]);
});
