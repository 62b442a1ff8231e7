import { describe, expect, test } from 'vitest';
import {
  aptConfiguration,
  missingPackage,
  printedUris,
  sourcesList,
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

test('aptConfiguration: nothing of the machine, only this directory and this keyring', () => {
  expect(aptConfiguration(manifestOf(), '/mnt/apt')).toMatchInlineSnapshot(`
    "APT::Architecture "amd64";
    APT::Architectures "amd64";
    APT::Install-Recommends "false";
    APT::Sandbox::User "root";
    pkgCacheGen::ForceEssential ",";
    Acquire::Languages "none";
    Acquire::Retries "3";
    Acquire::http::Timeout "30";
    Acquire::https::Timeout "30";
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
