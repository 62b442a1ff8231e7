import { expect, test } from 'vitest';
import { packageFaults } from '../../../pipeline/commands/verify/check-packages.ts';

const rope = { name: 'rope', version: '3', architecture: 'all' };
const locked = (...packages: (typeof rope)[]) => ({
  architecture: 'amd64',
  suite: 'trixie',
  question: 'q',
  asks: [],
  sources: [],
  packages: packages.map(each => ({ ...each, path: 'p', bytes: 5, sha256: 'aa' })),
});
const manifests = { hold: locked(rope, { ...rope, name: 'tar' }), yard: locked(rope) };
const names = { lock: 'galleon.lock.yaml', tools: ['yard'] };

test('fewer may be installed than are locked, and no tools', () =>
  expect(packageFaults({ hold: [rope] }, manifests, names)).toEqual([]));

test.each([
  ['no manifests', {}, 'build.json has no packages of hold'],
  ['an empty manifest', { hold: [] }, 'build.json has no packages of hold'],
  ['another version', { hold: [{ ...rope, version: '4' }] }, 'rope 4 of hold is installed, locked is 3'],
  [
    'a manifest that is none',
    { hold: [rope], constructor: [rope] },
    'galleon.lock.yaml has no packages of constructor',
  ],
])('%s is told', (_, installed, fault) => expect(packageFaults(installed, manifests, names)).toEqual([fault]));
