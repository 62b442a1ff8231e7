import { describe, expect, test } from 'vitest';
import {
  dependencyClosure,
  directDependencies,
  field,
  packagesIndex,
  splitStanzas,
  type ResolvedPackage,
} from '../../pipeline/debian/stanza.ts';

const STANZA = [
  'Package: kelp',
  'Version: 2:1.0~rc1-3+b2',
  'Pre-Depends: libc6 (>= 2.36)',
  'Depends: weed (= 1.0), brine:any',
  ' | salt-water,',
  '\tsand',
  'Description: a brown alga',
  ' Grows where it is cold.',
  ' .',
  ' Version: of the sea',
  'SHA256:  abc  ',
].join('\n');

describe('splitStanzas', () => {
  test.each([
    ['Package: a\nVersion: 1\n\nPackage: b\n', ['Package: a\nVersion: 1', 'Package: b']],
    ['Package: a\n \t\n\n\nPackage: b\n\n', ['Package: a', 'Package: b']],
    ['Description: x\n long\n .\n longer\n\nPackage: b', ['Description: x\n long\n .\n longer', 'Package: b']],
    ['\n\n', []],
    ['', []],
  ])('%j', (text, stanzas) => expect(splitStanzas(text)).toEqual(stanzas));
});

describe('field', () => {
  test.each([
    ['Package', 'kelp'],
    ['version', '2:1.0~rc1-3+b2'],
    ['VERSION', '2:1.0~rc1-3+b2'],
    ['Pre-Depends', 'libc6 (>= 2.36)'],
    ['Depends', 'weed (= 1.0), brine:any\n | salt-water,\n\tsand'],
    ['Description', 'a brown alga\n Grows where it is cold.\n .\n Version: of the sea'],
    ['SHA256', 'abc'],
    ['SHA', ''],
    ['Filename', ''],
  ])('%s', (name, value) => expect(field(STANZA, name)).toBe(value));

  test('a value that begins on the next line', () =>
    expect(field('Conffiles:\n /etc/a 1\n /etc/b 2\nSize: 3', 'Conffiles')).toBe('/etc/a 1\n /etc/b 2'));

  test('an empty value takes nothing of the next field', () => expect(field('Tag:\nSize: 3', 'Tag')).toBe(''));
});

const packageOf = (name: string, relations = ''): ResolvedPackage => ({
  name,
  version: '3.1',
  architecture: 'amd64',
  uri: `http://mirror.example/${name}.deb`,
  bytes: 11,
  sha256: `${name}-digest`,
  stanza: `Package: ${name}${relations === '' ? '' : `\n${relations}`}`,
});

test('packagesIndex: each stanza with the place of its file, between them an empty line', () => {
  const controls = { 'weed-digest': 'Package: weed\nTag: green', 'kelp-digest': 'Package: kelp' };
  const index = packagesIndex([packageOf('weed', 'Priority: required'), packageOf('kelp')], controls);
  expect(index).toBe(
    'Package: weed\nTag: green\nSize: 11\nSHA256: weed-digest\nFilename: ./weed-digest.deb\n\nPackage: kelp\nSize: 11\nSHA256: kelp-digest\nFilename: ./kelp-digest.deb\n',
  );
  expect(splitStanzas(index).map(stanza => field(stanza, 'Filename'))).toEqual([
    './weed-digest.deb',
    './kelp-digest.deb',
  ]);
});

describe('dependencyClosure', () => {
  const archive = [
    packageOf('kelp', 'Depends: weed (>= 1), brine:any | salt-water [amd64], mta'),
    packageOf('weed', 'Pre-Depends: sand'),
    packageOf('salt-water', 'Depends: kelp'),
    packageOf('sand'),
    packageOf('postmussel', 'Provides: mta (= 2), mail-reader\nDepends: shell'),
    packageOf('shell'),
    packageOf('unrelated', 'Depends: sand\nRecommends: whale'),
    packageOf('whale', 'Recommends: shell\nSuggests: kelp'),
  ];
  test.each([
    {
      roots: ['kelp'],
      found: ['kelp', 'postmussel', 'salt-water', 'sand', 'shell', 'weed'],
      why: 'all alternatives, what is provided, circles',
    },
    { roots: ['mta'], found: ['postmussel', 'shell'], why: 'a root that is provided' },
    { roots: ['whale'], found: ['whale'], why: 'no recommendations' },
    { roots: ['unrelated', 'sand'], found: ['sand', 'unrelated'], why: 'each once, by name' },
    { roots: ['nothing'], found: [], why: 'unknown names left out' },
  ])('$why: $roots', ({ roots, found }) =>
    expect(dependencyClosure(archive, roots).map(each => each.name)).toEqual(found),
  );

  test('a package goes before others that provide its name', () => {
    expect(
      dependencyClosure([packageOf('busyshell', 'Provides: shell'), packageOf('shell')], ['shell']).map(
        each => each.name,
      ),
    ).toEqual(['shell']);
  });
});

describe('directDependencies', () => {
  const named = (name: string, stanza: string): ResolvedPackage => ({
    name,
    version: '1',
    architecture: 'all',
    uri: '',
    bytes: 1,
    sha256: name,
    stanza,
  });

  test('those that are there, by name or by what they provide; never itself', () => {
    const packages = [
      named('kelp', 'Pre-Depends: sand\nDepends: weed (= 1.0), brine:any | salt-water, kelp, pearl'),
      named('sand', 'Depends: sea'),
      named('north-sea', 'Provides: sea (= 2), salt-water'),
      named('weed', ''),
    ];
    expect([...directDependencies(packages)]).toEqual([
      ['kelp', ['north-sea', 'sand', 'weed']],
      ['sand', ['north-sea']],
      ['north-sea', []],
      ['weed', []],
    ]);
  });
});
