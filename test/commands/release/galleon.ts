/** An image on paper: three packages in root and initrd, a kernel, two loaders, files of no package. */
import { createHash } from 'node:crypto';
import type { ResolvedPackage } from '../../../pipeline/debian/stanza.ts';
import type { ContentFile, ImageContents } from '../../../pipeline/formats/image-contents.ts';
import { inventory, type ListedPackage } from '../../../pipeline/commands/release/inventory.ts';
import type { SbomInput } from '../../../pipeline/commands/release/cyclonedx.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function file(path: string, text: string, own: Partial<ContentFile> = {}): ContentFile {
  return {
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    bytes: text.length,
    target: null,
    sha256: sha256(text),
    ...own,
  };
}

export function link(path: string, target: string): ContentFile {
  return { path, type: 'symlink', mode: 0o777, uid: 0, gid: 0, bytes: 0, target, sha256: null };
}

export function folder(path: string): ContentFile {
  return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, bytes: 0, target: null, sha256: null };
}

function resolved(name: string, version: string, stanza: string): ResolvedPackage {
  const maintainer = 'Maintainer: Team of the Sea <sea@example.org>';
  return {
    name,
    version,
    architecture: 'amd64',
    uri: '',
    bytes: 1,
    sha256: sha256(name),
    stanza: `${maintainer}\n${stanza}`,
  };
}

const DEP5 =
  'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: x\nLicense: ';

const HULL: Omit<ListedPackage, 'manifest'> = {
  package: resolved('hull', '1:2.0+b1', 'Depends: libsea1'),
  contents: {
    control: '',
    files: { '/usr/bin/hull': sha256('planks'), '/etc/hull.conf': sha256('as packed') },
    links: { '/usr/bin/keel': 'hull', '/usr/share/doc/hull': 'libsea1' },
    texts: {},
  },
  brings: null,
};

const SEA: Omit<ListedPackage, 'manifest'> = {
  package: resolved('libsea1', '3-1', 'Source: sea (3-0)'),
  contents: {
    control: '',
    files: { '/usr/lib/libsea.so.1': sha256('water') },
    links: {},
    texts: { '/usr/share/doc/libsea1/copyright': `${DEP5}GPL-2+ and Expat\n` },
  },
  brings: null,
};

const KERNEL: Omit<ListedPackage, 'manifest'> = {
  package: resolved('linux-image-9-galley', '9.1', 'Depends: mutiny | hull'),
  contents: {
    control: '',
    files: {
      '/boot/vmlinuz-9-galley': sha256('kernel'),
      '/usr/lib/modules/9-galley/kernel/oar.ko.xz': sha256('packed oar'),
    },
    links: {},
    texts: { '/boot/config-9-galley': 'CONFIG_OAR=m\n' },
  },
  brings: null,
};

const GONE: Omit<ListedPackage, 'manifest'> = {
  package: resolved('jetsam', '4', ''),
  contents: { control: '', files: { '/usr/bin/jetsam': sha256('overboard') }, links: {}, texts: {} },
  brings: null,
};

const LOADER: ListedPackage = {
  manifest: 'chest',
  package: resolved('pilot', '5', ''),
  contents: { control: '', files: { '/usr/lib/pilot/parts.img': sha256('parts') }, links: {}, texts: {} },
  brings: 'bootefi',
};

export const PACKAGES = {
  deck: [HULL, SEA, KERNEL, GONE].map(({ package: { name, version } }) => ({ name, version })),
  bilge: [SEA].map(({ package: { name, version } }) => ({ name, version })),
};

/** With one that was purged since. */
export const LOCK = {
  manifests: {
    deck: { packages: [HULL.package, SEA.package, KERNEL.package, GONE.package, resolved('ballast', '6', '')] },
    bilge: { packages: [SEA.package] },
    chest: { packages: [LOADER.package] },
  },
};

export const LISTED: ListedPackage[] = [
  ...[HULL, SEA, KERNEL, GONE].map(each => ({ ...each, manifest: 'deck' })),
  { ...SEA, manifest: 'bilge' },
  LOADER,
];

/** Of the image; each call gives one of its own, to be changed. */
export function galleonContents(): ImageContents {
  return {
    inspection: {
      container: { format: 'raw', size: 1, fileSize: 1, sectorSize: 512, vhdx: null },
      gpt: null,
      partitions: [],
      faults: [],
      notes: [],
    },
    root: {
      partition: 'RootOfGalleon',
      filesystem: 'erofs',
      rootHash: sha256('root'),
      files: [
        folder('/'),
        file('/etc/hull.conf', 'changed since'),
        file('/etc/ours', 'by overlay', { mode: 0o600 }),
        link('/bin/keel', 'hull'),
        file('/usr/bin/hull', 'planks', { mode: 0o4755 }),
        file('/usr/lib/libsea.so.1', 'water'),
      ],
    },
    kernel: {
      partition: 'BootOfGalleon',
      path: '/EFI/galleon.efi',
      release: '9-galley',
      commandLines: [],
      sections: [
        { name: '.linux', bytes: 6, sha256: sha256('kernel') },
        { name: '.initrd', bytes: 6, sha256: sha256('initrd') },
      ],
      initrd: [file('/init', '#!/bin/sh'), file('/lib/libsea.so.1', 'water'), file('/usr/lib/modules/oar.ko', 'oar')],
    },
    programs: [
      { partition: 'EspOfGalleon', path: '/EFI/BOOT/BOOTX64.EFI', bytes: 5, sha256: sha256('pilot') },
      { partition: 'BootOfGalleon', path: '/EFI/galleon.efi', bytes: 3, sha256: sha256('uki') },
    ],
  };
}

export function galleonSbom(contents = galleonContents()): SbomInput {
  return {
    name: 'galleon',
    version: '1588.5',
    seed: 'of galleon',
    epoch: 1_222_333_444,
    caisson: '7.8.9',
    rootHash: contents.root?.rootHash ?? null,
    sections: Object.fromEntries((contents.kernel?.sections ?? []).map(each => [each.name, each.sha256])),
    suites: { deck: 'trixie', bilge: 'trixie', chest: 'sid' },
    inventory: inventory(contents, LISTED),
  };
}
