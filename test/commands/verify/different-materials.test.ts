import { expect, test } from 'vitest';
import { changedMaterials } from '../../../pipeline/commands/verify/different-materials.ts';
import type { Material } from '../../../pipeline/formats/provenance.ts';

const material = (name: string, sha256: string, uri?: string): Material => ({
  name,
  digest: { sha256 },
  ...(uri === undefined ? {} : { uri }),
});
const RELEASED = [material('layouts/stern.yaml', 'aa'), material('rope', 'bb', 'pkg:deb/debian/rope@1?arch=all')];

test('nothing where all is as it was, notes aside', () =>
  expect(
    changedMaterials(
      RELEASED,
      [...RELEASED].map(each => ({ ...each, annotations: { manifests: [] } })),
    ),
  ).toEqual([]));

test('names what has other bytes', () =>
  expect(changedMaterials(RELEASED, [material('layouts/stern.yaml', 'cc'), ...RELEASED.slice(1)])).toEqual([
    'layouts/stern.yaml',
  ]));

test('names packages by version, and what only one of the two has', () =>
  expect(
    changedMaterials(RELEASED, [...RELEASED.slice(0, 1), material('rope', 'dd', 'pkg:deb/debian/rope@2?arch=all')]),
  ).toEqual(['pkg:deb/debian/rope@1?arch=all: not here', 'pkg:deb/debian/rope@2?arch=all: not of the release']));
