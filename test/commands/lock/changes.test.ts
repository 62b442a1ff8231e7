import { expect, test } from 'vitest';
import { lockChanges } from '../../../pipeline/commands/lock/changes.ts';
import { drawChanges } from '../../../pipeline/commands/lock/report.ts';
import type { Lock } from '../../../pipeline/config/lock.ts';

/** `name version digest` of each package. */
function lockOf(manifests: Readonly<Record<string, readonly string[]>>): Lock {
  const entries = Object.entries(manifests).map(([name, rows]) => {
    const packages = rows.map(row => {
      const [own = '', version = '', sha256 = ''] = row.split(' ');
      return { name: own, version, architecture: 'all', path: `pool/${own}.deb`, bytes: 7, sha256 };
    });
    const entry = { architecture: 'amd64', suite: 'sid', question: '', asks: [], sources: [], packages };
    return [name, entry] as const;
  });
  return { image: 'galleon', file: '/host/galleon.lock.yaml', manifests: Object.fromEntries(entries) };
}

const before = lockOf({ hold: ['rope 1 a', 'sail 2 b', 'seed 4 d'], keel: ['oak 1 k'] });
const after = lockOf({ hold: ['anchor 9 z', 'rope 1 a', 'sail 3 c', 'seed 4 e'], mast: ['fir 1 f'] });

test('packages that came, went, have another version or another file; by manifest and name', () => {
  expect(lockChanges(before, after)).toEqual([
    { manifest: 'hold', name: 'anchor', from: null, to: '9' },
    { manifest: 'hold', name: 'sail', from: '2', to: '3' },
    { manifest: 'hold', name: 'seed', from: '4', to: '4' },
    { manifest: 'keel', name: 'oak', from: '1', to: null },
    { manifest: 'mast', name: 'fir', from: null, to: '1' },
  ]);
  expect(lockChanges(after, after)).toEqual([]);
});

test('are drawn with what they are', () => {
  const lines = drawChanges(lockChanges(before, after), { width: null, color: false }).split('\n');
  expect(lines.map(line => line.replaceAll(/ +/g, ' ').trim())).toEqual([
    'manifest package change was is',
    'hold anchor added 9',
    'hold sail changed 2 3',
    'hold seed another file 4 4',
    'keel oak removed 1',
    'mast fir added 1',
  ]);
});
