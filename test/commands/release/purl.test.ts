import { expect, test } from 'vitest';
import { parsePurl, purlOf } from '../../../pipeline/commands/release/purl.ts';

test.each([
  [
    'libkelp++6',
    '1:2.0~rc1+dfsg-1',
    'trixie',
    'pkg:deb/debian/libkelp%2B%2B6@1:2.0~rc1+dfsg-1?arch=arm64&distro=debian-13',
  ],
  ['kelp', '3', 'sid', 'pkg:deb/debian/kelp@3?arch=arm64&distro=sid'],
])('%s %s of %s, there and back', (name, version, suite, purl) => {
  expect(purlOf({ name, version, architecture: 'arm64' }, suite)).toBe(purl);
  expect(parsePurl(purl)).toEqual({ name, version, architecture: 'arm64' });
});

test('words are no package URL', () => expect(() => parsePurl('kelp 3')).toThrow());
