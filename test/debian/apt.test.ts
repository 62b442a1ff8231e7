import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  aptConfiguration,
  fetchFailures,
  missingPackage,
  printedUris,
  sourcesList,
  unmetPackages,
  wantedPackages,
} from '../../pipeline/debian/apt.ts';
import { manifestOf } from '../stages/documents.ts';

test('sourcesList: a line for each suite of each mirror, in order', () => {
  const mirrors = [
    { url: 'http://mirror.example/debian', suites: ['sid', 'experimental'] },
    { url: 'file:/srv/own', suites: ['./'] },
  ];
  expect(sourcesList(manifestOf({ mirrors }))).toBe(
    'deb [arch=amd64] http://mirror.example/debian sid main contrib\ndeb [arch=amd64] http://mirror.example/debian experimental main contrib\ndeb [arch=amd64] file:/srv/own ./ main contrib\n',
  );
});

test('unmetPackages: what relations are about, of both solvers of apt', () => {
  const lines = [
    'The following packages have unmet dependencies:',
    ' rope : Depends: libhemp3 (>= 3.5.1) but 3.5.0-1 is to be installed',
    '        Pre-Depends: g++ (= 2) but it is not going to be installed',
    ' sail : Breaks: libhemp3 (< 4)',
    'E: Unable to satisfy dependencies. Reached two conflicting assignments:',
    '   2. rope:amd64 Depends libseed1 (>= 9)',
  ];
  expect(unmetPackages(lines)).toEqual(['libhemp3', 'g++', 'libseed1']);
});

test('aptConfiguration: nothing of the machine, only this directory and this keyring', () => {
  expect(aptConfiguration(manifestOf(), '/mnt/apt')).toMatchInlineSnapshot(`
    "APT::Architecture "amd64";
    APT::Architectures "amd64";
    APT::Install-Recommends "false";
    APT::Sandbox::User "root";
    pkgCacheGen::ForceEssential ",";
    Acquire::Languages "none";
    Acquire::Retries "2";
    Acquire::http::Timeout "15";
    Acquire::https::Timeout "15";
    Debug::NoLocking "true";
    Dir "/mnt/apt";
    Dir::State "/mnt/apt/state";
    Dir::State::status "/mnt/apt/status";
    Dir::Cache "/mnt/apt/cache";
    Dir::Etc "/mnt/apt/etc";
    Dir::Etc::SourceList "/mnt/apt/sources.list";
    Dir::Etc::SourceParts "/dev/null";
    Dir::Etc::Trusted "/mnt/apt/keyring.gpg";
    Dir::Etc::TrustedParts "/dev/null";
    "
  `);
});

test.each([
  ['essential', ['?essential', 'rope', 'anchor']],
  ['extract', ['rope', 'anchor']],
] as const)('wantedPackages, %s', (variant, wanted) => expect(wantedPackages(manifestOf({ variant }))).toEqual(wanted));

describe('printedUris', () => {
  test('the URIs as printed, percent signs and all; other lines are not for us', () => {
    const output = [
      'Reading package lists...',
      "'http://mirror.example/pool/l/libfoo/libfoo%2b%2b1_1.2%2bdfsg-3_amd64.deb' libfoo++1_1.2+dfsg-3_amd64.deb 1234 SHA256:00ff",
      "'http://mirror.example/pool/v/vim/vim_9.1-1_amd64.deb' vim_2%3a9.1-1_amd64.deb 77 ",
      "'http://mirror.example/dists/sid/InRelease' mirror.example_dists_sid_InRelease 0 ",
      'E: something',
      '',
    ].join('\n');
    expect(printedUris(output)).toEqual([
      'http://mirror.example/pool/l/libfoo/libfoo%2b%2b1_1.2%2bdfsg-3_amd64.deb',
      'http://mirror.example/pool/v/vim/vim_9.1-1_amd64.deb',
    ]);
  });

  test('none', () => expect(printedUris('')).toEqual([]));
});

test.each([
  [['Reading package lists...', 'E: Unable to locate package krakne'], 'krakne'],
  [["E: Package 'kraken' has no installation candidate"], 'kraken'],
  [['E: Unable to locate package lib++1.0', 'E: Unable to locate package later'], 'lib++1.0'],
  [['W: Unable to locate package warned'], null],
  [['E: Unmet dependencies.'], null],
  [[], null],
])('missingPackage of %j: %s', (output, name) => expect(missingPackage(output)).toBe(name));

describe('fetchFailures', () => {
  /** As apt-helper of apt 2.6 and 3.0 says it; Ign and Get lines are of tries that were not the last. */
  const HELPER = [
    'Err:1 http://mirror.example/pool/r/rope.deb',
    '  404  Not Found [IP: 10.9.8.7 80]',
    'Get:2 http://mirror.example/pool/s/sail.deb [4 B]',
    'Get:3 http://mirror.example/pool/a/anchor%2b%2b.deb [4 B]',
    'Err:3 http://mirror.example/pool/a/anchor%2b%2b.deb',
    '  Hash Sum mismatch',
    '  Hashes of expected file:',
    '   - SHA256:6a581ee901185606598bbd5369794c46dcf21ebf95955a46fb4a6244bb89e79f',
    '  Hashes of received file:',
    '   - SHA256:b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73',
    '   - Filesize:4 [weak]',
    '  Last modification reported: Mon, 23 Nov 2026 15:55:18 +0000',
    'Ign:4 http://mirror.example/pool/m/mast.deb',
    'Ign:4 http://mirror.example/pool/m/mast.deb',
    'Err:4 http://mirror.example/pool/m/mast.deb',
    '  Error reading from server. Remote end closed connection [IP: 10.9.8.7 80]',
    'Fetched 8 B in 0s (781 B/s)',
    'E: Failed to fetch http://mirror.example/pool/r/rope.deb  404  Not Found [IP: 10.9.8.7 80]',
    'E: Failed to fetch http://mirror.example/pool/a/anchor%2b%2b.deb  Hash Sum mismatch',
    '   Hashes of expected file:',
    '    - SHA256:6a581ee901185606598bbd5369794c46dcf21ebf95955a46fb4a6244bb89e79f',
    '   Hashes of received file:',
    '    - SHA256:b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73',
    '    - Filesize:4 [weak]',
    'E: Failed to fetch http://mirror.example/pool/m/mast.deb  Error reading from server.',
    'E: Download Failed',
  ];

  test('what apt-helper could not fetch: each once, with its reason and what came instead', () => {
    expect(fetchFailures(HELPER)).toEqual([
      { what: 'http://mirror.example/pool/r/rope.deb', reason: '404  Not Found', received: null },
      {
        what: 'http://mirror.example/pool/a/anchor%2b%2b.deb',
        reason: 'Hash Sum mismatch',
        received: 'b5c1fb2efc6d6b4674c2fdcc48ce01b43a3b7c03763c0c3355de0099ee0f8c73',
      },
      // The digests that are told again after it are not its own.
      {
        what: 'http://mirror.example/pool/m/mast.deb',
        reason: 'Error reading from server. Remote end closed connection',
        received: null,
      },
    ]);
  });

  test('what apt-get update could not fetch', () => {
    const lines = [
      'Hit:1 http://other.example/debian sid InRelease',
      'Ign:2 http://mirror.example/debian sid InRelease',
      'Err:2 http://mirror.example/debian sid InRelease',
      '  Could not connect to mirror.example:80 (10.9.8.7). - connect (111: Connection refused)',
      '  Unable to connect to mirror.example:80:',
      'Reading package lists...',
      'E: Failed to fetch http://mirror.example/debian/dists/sid/InRelease  Unable to connect to mirror.example:80:',
    ];
    expect(fetchFailures(lines)).toEqual([
      {
        what: 'http://mirror.example/debian sid InRelease',
        reason: 'Could not connect to mirror.example:80 (10.9.8.7). - connect (111: Connection refused)',
        received: null,
      },
    ]);
  });

  test.each<[string, string[], string[]]>([
    ['all is well', ['Get:1 http://mirror.example/rope.deb [4 B]', 'Fetched 4 B in 0s (248 B/s)'], []],
    ['a try was not the last', ['Ign:1 http://mirror.example/rope.deb', '  Connection failed'], []],
    ['the reason is still to come', ['Err:1 http://mirror.example/rope.deb'], ['']],
    ['there is none', ['Err:1 http://mirror.example/rope.deb', 'E: Download Failed'], ['no reason given']],
    [
      'one follows the other',
      ['Err:1 http://mirror.example/rope.deb', 'Err:2 http://mirror.example/sail.deb', '  gone'],
      ['', 'gone'],
    ],
    ['it is about something else', ['E: Could not get lock', '  Hashes of received file:'], []],
  ])('%s', (_, lines, reasons) => expect(fetchFailures(lines).map(each => each.reason)).toEqual(reasons));

  test('never throws, whatever is printed, and tells of each Err line once', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(...HELPER),
      fc.string().map(text => `Err:7 ${text}`),
      fc.string().map(text => `   - SHA256:${text}`),
    );
    fc.assert(
      fc.property(fc.array(line), lines => {
        const failures = fetchFailures(lines);
        expect(failures).toHaveLength(lines.filter(each => /^Err:\d+ ./.test(each)).length);
        for (const { received } of failures) expect(received ?? 'a'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });

  test('says the same of the lines so far as of all of them, but for what is not said yet', () => {
    fc.assert(
      fc.property(fc.nat(HELPER.length), cut => {
        const sofar = fetchFailures(HELPER.slice(0, cut));
        const all = fetchFailures(HELPER);
        for (const [index, each] of sofar.entries())
          expect(all[index]).toMatchObject({ what: each.what, ...(each.reason === '' ? {} : { reason: each.reason }) });
      }),
    );
  });
});
