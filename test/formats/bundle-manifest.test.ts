import { expect, test } from 'vitest';
import { encodeBundleManifest, type BundleManifest } from '../../pipeline/formats/bundle-manifest.ts';

const MANIFEST: BundleManifest = {
  compatible: 'reef',
  version: '7.3',
  description: 'A galleon',
  epoch: 1_444_444_444,
  verity: { hash: 'aa', salt: 'bb', bytes: 8192 },
  images: [
    { content: 'sys', file: 'sys.img', sha256: 'cc', bytes: 17 },
    { content: 'kern', file: 'kern.img', sha256: 'dd', bytes: 19 },
  ],
  selector: { content: 'state', file: 'selector.img', sha256: 'ee', bytes: 23 },
  rootHash: 'ff',
  downgrade: 'allow',
  delta: null,
};

test('groups as RAUC reads them, images in the order of installation, the rest for the handlers', () =>
  expect(encodeBundleManifest(MANIFEST)).toBe(`[update]
compatible=reef
version=7.3
description=A galleon
build=2015-10-10T02:34:04Z

[bundle]
format=verity
verity-hash=aa
verity-salt=bb
verity-size=8192

[image.sys]
filename=sys.img
sha256=cc
size=17

[image.kern]
filename=kern.img
sha256=dd
size=19

[meta.caisson]
version=7.3
downgrade=allow
root-hash=ff
size-sys=17
size-kern=19
selector=selector.img
selector-sha256=ee
selector-size=23
`));

test('what is not there has no key', () => {
  const text = encodeBundleManifest({ ...MANIFEST, description: '', selector: null, rootHash: '' });
  expect(text).not.toMatch(/description|selector|root-hash/);
});

test('a backslash and a blank at the start stay what they are', () =>
  expect(encodeBundleManifest({ ...MANIFEST, description: String.raw` a\b` })).toContain(
    String.raw`description=\sa\\b`,
  ));

test('differences: a hook installs each image, and the slots are told as they will be', () => {
  const slots = {
    sys: { base: { bytes: 70_000, sha256: '11' }, result: { bytes: 80_000, sha256: '22' } },
    kern: { base: { bytes: 500, sha256: '33' }, result: { bytes: 600, sha256: '44' } },
  };
  const delta = { from: '7.2', full: 'reef-7.3.raucb', hook: 'crane', slots };
  const text = encodeBundleManifest({ ...MANIFEST, delta });
  expect(text).toContain('\n[hooks]\nfilename=crane\n');
  expect(text).toContain('[image.kern]\nfilename=kern.img\nsha256=dd\nsize=19\nhooks=install\n');
  expect(text).toContain('size-sys=80000\nsize-kern=600\n');
  expect(text).toMatch(/\[meta\.caisson-delta\]\n(.*\n)*$/);
  expect(text.slice(text.indexOf('[meta.caisson-delta]'))).toBe(`[meta.caisson-delta]
from=7.2
full=reef-7.3.raucb
base-size-sys=70000
base-sha256-sys=11
sha256-sys=22
base-size-kern=500
base-sha256-kern=33
sha256-kern=44
`);
});
