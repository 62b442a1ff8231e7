import { expect, test } from 'vitest';
import { mmdebstrapArgv, releaseFile } from '../../pipeline/debian/mmdebstrap.ts';
import { manifestOf } from '../stages/documents.ts';

test('mmdebstrapArgv of a complete system', () => {
  const manifest = manifestOf({ exclude: ['/usr/share/doc/*', '/a b'], removePackages: ['barnacle', 'worm'] });
  expect(mmdebstrapArgv({ manifest, repository: '/mnt/repo', out: '/mnt/out.tar' })).toEqual([
    'mmdebstrap',
    '--mode=root',
    '--variant=essential',
    '--architectures=amd64',
    '--format=tar',
    '--verbose',
    '--include=rope,anchor',
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    '--dpkgopt=force-unsafe-io',
    '--dpkgopt=path-exclude=/usr/share/doc/*',
    '--dpkgopt=path-exclude=/a b',
    '--customize-hook=chroot "$1" dpkg --purge --force-all barnacle worm',
    '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_*_key "$1"/etc/ssh/ssh_host_*_key.pub',
    'sid',
    '/mnt/out.tar',
    'deb [trusted=yes] copy:/mnt/repo ./',
  ]);
});

test('mmdebstrapArgv without exclusions and purges has none', () => {
  const argv = mmdebstrapArgv({
    manifest: manifestOf({ variant: 'extract', exclude: [] }),
    repository: '/r',
    out: '/o',
  });
  expect(argv.filter(each => /purge|path-exclude/.test(each))).toEqual([]);
  expect(argv).toEqual(expect.arrayContaining(['--variant=extract']));
});

test('releaseFile names the suite and the index with digest and length', () => {
  expect(releaseFile(manifestOf(), { sha256: 'c0ffee', bytes: 321 })).toBe(
    'Origin: Caisson\nSuite: sid\nCodename: sid\nArchitectures: amd64\nSHA256:\n c0ffee 321 Packages\n',
  );
});
