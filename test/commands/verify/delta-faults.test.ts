import { expect, test } from 'vitest';
import { manifestFaults } from '../../../pipeline/commands/verify/delta-faults.ts';
import type { ReadManifest } from '../../../pipeline/formats/bundle-manifest-read.ts';

const full: ReadManifest = {
  compatible: 'galleon',
  version: '7.3',
  description: '',
  images: [],
  selector: null,
  rootHash: 'aa',
  downgrade: 'refuse',
  from: null,
};
const of = { full, image: 'galleon' };
const NAME = 'galleon-7.3-from-7.2.raucb';

test('differences from the version of its name are sound', () =>
  expect(manifestFaults(NAME, { ...full, from: '7.2' }, of)).toEqual([]));

test.each<[Partial<ReadManifest>, RegExp]>([
  [{ version: '7.4' }, /its version is "7.4", not "7.3"/],
  [{ compatible: 'skiff' }, /its compatible is "skiff"/],
  [{ rootHash: 'bb' }, /its root hash is "bb"/],
  [{ from: '7.1' }, /holds the differences from 7.1/],
  [{ from: null }, /is no bundle of differences/],
])('%j is a fault', (own, message) =>
  expect(manifestFaults(NAME, { ...full, from: '7.2', ...own }, of).join()).toMatch(message),
);
