import { claim, fact } from './claim.ts';
import { findPrograms } from './find-programs.ts';

const NAMES = [
  'apk',
  'apt',
  'apt-*',
  'aptitude',
  'dnf',
  'dnf5',
  'dpkg',
  'dpkg-*',
  'flatpak',
  'microdnf',
  'nix',
  'pacman',
  'pip',
  'pip3',
  'rpm',
  'snap',
  'tdnf',
  'yum',
  'zypper',
  'gem',
  'npm',
];
const DATABASES = [
  '/var/lib/dpkg',
  '/var/lib/apt',
  '/var/lib/rpm',
  '/usr/lib/sysimage/rpm',
  '/etc/apt',
  '/etc/dpkg',
  '/usr/lib/apt',
  '/usr/lib/dpkg',
];

export const noPackageManager = claim({
  name: 'no-package-manager',
  promise: () => 'There is no package manager, nor its database.',
  tried: `all executable files searched for ${NAMES.length} names; ${DATABASES.length} folders looked for`,
  prove: async ({ machine }) => {
    const { searched, found, folders } = await findPrograms(machine, { names: NAMES, folders: DATABASES });
    return [
      fact(searched > 100, `${searched} executable files searched`),
      fact(found.length === 0, found.length === 0 ? 'no program of that name' : `FOUND ${found.join(', ')}`),
      fact(folders.length === 0, folders.length === 0 ? 'no database' : `FOUND ${folders.join(', ')}`),
    ];
  },
});
