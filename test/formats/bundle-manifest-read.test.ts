import { expect, test } from 'vitest';
import { encodeBundleManifest, type BundleManifest } from '../../pipeline/formats/bundle-manifest.ts';
import { decodeBundleManifest } from '../../pipeline/formats/bundle-manifest-read.ts';

const MANIFEST: BundleManifest = {
  compatible: 'reef',
  version: '7.3',
  description: ' a galleon \\ a = b',
  epoch: 1_444_444_444,
  verity: { hash: 'aa', salt: 'bb', bytes: 8192 },
  images: [
    { content: 'sys-1', file: 'sys.img', sha256: 'cc', bytes: 17 },
    { content: 'kern', file: 'kern.img', sha256: 'dd', bytes: 19 },
  ],
  selector: { content: 'state', file: 'selector.img', sha256: 'ee', bytes: 23 },
  rootHash: 'ff',
  downgrade: 'allow',
  delta: null,
};

test('what was written is read', () => {
  const { epoch: _, verity: __, delta: ___, selector, ...kept } = MANIFEST;
  const { content: ____, ...file } = selector ?? { content: '' };
  expect(decodeBundleManifest(encodeBundleManifest(MANIFEST))).toEqual({ ...kept, selector: file, from: null });
});

test('without selector and root hash, and with differences', () => {
  const slots = { 'sys-1': { base: { bytes: 1, sha256: '11' }, result: { bytes: 2, sha256: '22' } } };
  const [image] = MANIFEST.images;
  const read = decodeBundleManifest(
    encodeBundleManifest({
      ...MANIFEST,
      images: image === undefined ? [] : [image],
      selector: null,
      rootHash: '',
      downgrade: 'refuse',
      delta: { from: '7.2', full: 'reef-7.3.raucb', hook: 'crane', slots },
    }),
  );
  expect(read).toMatchObject({ selector: null, rootHash: '', downgrade: 'refuse', from: '7.2' });
});

test('a manifest of somebody else', () =>
  expect(() => decodeBundleManifest('[update]\ncompatible=reef\nversion=7.3\n')).toThrow(
    'its manifest was not made by caisson',
  ));
