import { expect, test } from 'vitest';
import { inventory } from '../../../pipeline/commands/release/inventory.ts';
import { galleonContents, LISTED, sha256 } from './galleon.ts';

const found = inventory(galleonContents(), LISTED);
const stocked = (name: string) => found.packages.find(each => each.package.name === name);

test('each package once, where files of it are; of a package of two manifests both are told', () => {
  expect(found.packages.map(each => [each.package.name, each.manifests, each.places, each.files])).toEqual([
    ['hull', ['deck'], ['rootfs'], 2],
    ['jetsam', ['deck'], [], 0],
    ['libsea1', ['bilge', 'deck'], ['rootfs', 'initrd'], 2],
    ['linux-image-9-galley', ['deck'], ['initrd', 'uki'], 0],
    ['pilot', ['chest'], ['bootefi'], 0],
  ]);
});

test('files of no package, and those that are not as their package has them', () => {
  expect(found.files).toEqual([
    {
      place: 'rootfs',
      partition: 'RootOfGalleon',
      path: '/etc/hull.conf',
      sha256: sha256('changed since'),
      changed: 'hull',
    },
    { place: 'rootfs', partition: 'RootOfGalleon', path: '/etc/ours', sha256: sha256('by overlay'), changed: null },
    { place: 'initrd', partition: null, path: '/init', sha256: sha256('#!/bin/sh'), changed: null },
    {
      place: 'initrd',
      partition: null,
      path: '/usr/lib/modules/oar.ko',
      sha256: sha256('oar'),
      changed: 'linux-image-9-galley',
    },
    {
      place: 'bootefi',
      partition: 'EspOfGalleon',
      path: '/EFI/BOOT/BOOTX64.EFI',
      sha256: sha256('pilot'),
      changed: null,
    },
    { place: 'uki', partition: 'BootOfGalleon', path: '/EFI/galleon.efi', sha256: sha256('uki'), changed: null },
  ]);
});

test('owners of files and links of the root, also where /bin is a link', () => {
  expect([...found.owners]).toEqual([
    ['/bin/keel', 'hull'],
    ['/usr/bin/hull', 'hull'],
    ['/usr/lib/libsea.so.1', 'libsea1'],
  ]);
});

test('a link to somewhere else is not the package’s', () => {
  const contents = galleonContents();
  const keel = contents.root?.files.find(each => each.path === '/bin/keel');
  if (keel !== undefined) keel.target = 'elsewhere';
  expect(inventory(contents, LISTED).owners.has('/bin/keel')).toBe(false);
});

test('what the tools brought owns no file of the root', () => {
  const contents = galleonContents();
  contents.root?.files.push({
    ...contents.root.files[1],
    path: '/usr/lib/pilot/parts.img',
    sha256: sha256('parts'),
  } as never);
  expect(inventory(contents, LISTED).owners.has('/usr/lib/pilot/parts.img')).toBe(false);
});

test('licences: a folder of documents that is a link, and a package without any', () => {
  const sea = [{ id: 'GPL-2.0-or-later' }, { id: 'MIT' }];
  expect(stocked('libsea1')?.licences).toEqual({ basis: 'declared', licences: sea });
  expect(stocked('hull')?.licences).toEqual({ basis: 'declared', licences: sea });
  expect(stocked('jetsam')?.licences.basis).toBe('unknown');
});

test('the configuration of the kernel that the image has; of another kernel none', () => {
  expect(found.kernelConfig).toBe('CONFIG_OAR=m\n');
  const contents = galleonContents();
  for (const each of contents.kernel?.sections ?? []) each.sha256 = sha256('another');
  expect(inventory(contents, LISTED).kernelConfig).toBeNull();
});

test('an image without root and kernel', () => {
  const contents = { ...galleonContents(), root: null, kernel: null, programs: [] };
  const { files, owners, kernelConfig } = inventory(contents, LISTED);
  expect({ files, owners: owners.size, kernelConfig }).toEqual({ files: [], owners: 0, kernelConfig: null });
});
