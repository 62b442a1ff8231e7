import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSums, encodeSums, releaseFiles } from '../../pipeline/formats/release-files.ts';

const [ONE, OTHER] = ['1'.repeat(64), 'e'.repeat(64)];

test('the names of a release are those of its image and version', () => {
  expect(releaseFiles('skiff', '0.3')).toEqual({
    record: 'build.json',
    lock: 'skiff.lock.yaml',
    sbom: 'skiff.cdx.json',
    mtree: 'skiff.mtree',
    kernelConfig: 'skiff.kernel-config',
    provenance: 'skiff.intoto.jsonl',
    sums: 'SHA256SUMS',
    signature: 'SHA256SUMS.sig',
    bundle: 'skiff-0.3.raucb',
  });
});

test('sums stand in the order of bytes, as `LC_ALL=C sha256sum *` writes them', () => {
  const files = ['skiff.vhdx', 'skiff-0.3.raucb', 'build.json', 'Zeta'].map(name => ({ name, sha256: ONE }));
  const text = encodeSums(files);
  expect(text).toBe(`${ONE}  Zeta\n${ONE}  build.json\n${ONE}  skiff-0.3.raucb\n${ONE}  skiff.vhdx\n`);
  expect(decodeSums(text)).toHaveLength(4);
});

const names = fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.+~_-]{0,20}$/);
test('sums read back as they were', () => {
  fc.assert(
    fc.property(fc.uniqueArray(names, { minLength: 1, maxLength: 9 }), all => {
      const read = decodeSums(encodeSums(all.map(name => ({ name, sha256: OTHER }))));
      expect(read.map(each => each.name).sort()).toEqual(all.sort());
    }),
  );
});

test.each([
  ['nothing', '', 'is empty'],
  ['a last line without an end', `${ONE}  skiff.vhdx`, 'has no end'],
  ['a short digest', `${ONE.slice(1)}  skiff.vhdx\n`, 'line 1: not a SHA-256'],
  ['a name in another folder', `${ONE}  skiff.vhdx\n${ONE}  ../skiff.vhdx\n`, 'line 2: not a SHA-256'],
  ['a hidden name', `${ONE}  .skiff\n`, 'line 1'],
  ['an empty line', `${ONE}  skiff.vhdx\n\n`, 'line 2'],
  ['a name twice', `${ONE}  skiff.vhdx\n${OTHER}  skiff.vhdx\n`, 'names skiff.vhdx twice'],
])('%s is no list of sums', (_, text, message) => {
  expect(() => decodeSums(text)).toThrow(message);
});
