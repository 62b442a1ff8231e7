import { expect, test } from 'vitest';
import { compareFiles, compareSetuid } from '../../../pipeline/formats/difference/files.ts';
import { fileOf, linkOf } from './snapshots.ts';

test('added, removed and changed, each with what differs', () => {
  const before = [
    fileOf('/a'),
    fileOf('/b', { bytes: 3 }),
    fileOf('/c', { mode: 0o600 }),
    fileOf('/d', { uid: 7 }),
    linkOf('/e', 'x'),
    fileOf('/f'),
    fileOf('/g'),
    fileOf('/z'),
  ];
  const after = [
    fileOf('/a'),
    fileOf('/b', { bytes: 4, sha256: 'other' }),
    fileOf('/c', { mode: 0o640, gid: 9 }),
    fileOf('/d', { uid: 8 }),
    linkOf('/e', 'y'),
    linkOf('/f', 'y'),
    fileOf('/h'),
    fileOf('/z'),
  ];
  const { added, removed, changed } = compareFiles(before, after);
  expect(added.map(each => each.path)).toEqual(['/h']);
  expect(removed.map(each => each.path)).toEqual(['/g']);
  expect(changed.map(each => [each.path, each.what])).toEqual([
    ['/b', ['content']],
    ['/c', ['mode', 'owner']],
    ['/d', ['owner']],
    ['/e', ['target']],
    ['/f', ['type', 'mode']],
  ]);
  expect(changed[0]).toMatchObject({ old: { bytes: 3 }, new: { bytes: 4 } });
});

test('byte order, not that of UTF-16', () => {
  const [beyond, private_] = [fileOf('/\u{1f600}'), fileOf('/\ue000')];
  expect(compareFiles([private_, beyond], [private_])).toEqual({
    added: [],
    removed: [expect.objectContaining({ path: '/\u{1f600}' })],
    changed: [],
  });
});

test('setuid and setgid bits of regular files that are new, gone or others', () => {
  const found = compareSetuid(
    [
      fileOf('/gone', { mode: 0o4755 }),
      fileOf('/same', { mode: 0o4755 }),
      fileOf('/other', { mode: 0o4755, uid: 5 }),
      fileOf('/lost', { mode: 0o2755 }),
    ],
    [
      fileOf('/come', { mode: 0o2755, gid: 42 }),
      fileOf('/same', { mode: 0o4755, sha256: 'other' }),
      fileOf('/other', { mode: 0o4755 }),
      fileOf('/lost', { mode: 0o755 }),
      fileOf('/folder', { type: 'directory', mode: 0o2775 }),
      fileOf('/sticky', { mode: 0o1755 }),
    ],
  );
  expect(found).toEqual([
    { path: '/come', old: null, new: { mode: 0o2755, uid: 0, gid: 42 } },
    { path: '/gone', old: { mode: 0o4755, uid: 0, gid: 0 }, new: null },
    { path: '/lost', old: { mode: 0o2755, uid: 0, gid: 0 }, new: null },
    { path: '/other', old: { mode: 0o4755, uid: 5, gid: 0 }, new: { mode: 0o4755, uid: 0, gid: 0 } },
  ]);
});
