import { compareSnapshots, type Difference } from '../../pipeline/formats/difference.ts';
import { declarationOf, fileOf, FIREWALL, linkOf, partitionOf, snapshotOf } from '../formats/difference/snapshots.ts';

const MIB = 2 ** 20;
const UNIT = fileOf('/usr/lib/systemd/system/sail.service');
const hull = (name: string, version: string) => ({ name, version, architecture: 'amd64' });

/** Something of everything. */
export const voyage: Difference = compareSnapshots(
  snapshotOf({
    name: 'galleon-1',
    packages: { hull: [hull('oak', '1.0-1'), hull('tar', '2')], mast: [hull('oak', '1.0-1')] },
    files: [UNIT, fileOf('/etc/keel', { bytes: 900 }), fileOf('/etc/log'), linkOf('/bin', 'usr/bin')],
    initrd: [fileOf('/init')],
    cmdline: 'quiet caisson.roothash=aa11',
    partitions: [partitionOf('RootFSA', 40 * MIB), partitionOf('Log', null)],
    programs: [{ partition: 'BootA', path: '/slot.efi', bytes: 18 * MIB, sha256: 'abcdef0123' }],
    kernelConfig: 'CONFIG_MAST=m\n',
    texts: { '/etc/passwd': 'bosun:x:7:8::/:/bin/sh\n' },
  }),
  snapshotOf({
    name: 'galleon-2',
    packages: { hull: [hull('oak', '1.1-1'), hull('pine', '5')], mast: [hull('oak', '1.1-1')] },
    files: [
      UNIT,
      linkOf('/etc/systemd/system/sail.service', '/dev/null'),
      fileOf('/etc/keel', { bytes: 2000, sha256: 'other', mode: 0o600, uid: 7 }),
      fileOf('/usr/bin/hoist', { mode: 0o4755 }),
      linkOf('/bin', 'usr/sbin'),
    ],
    initrd: [fileOf('/init', { sha256: 'other' })],
    cmdline: 'caisson.roothash=bb22 panic=5',
    rootHash: 'bb22',
    partitions: [partitionOf('RootFSA', 43 * MIB), partitionOf('Log', null)],
    programs: [{ partition: 'BootA', path: '/slot.efi', bytes: 18 * MIB, sha256: '0123abcdef' }],
    kernelConfig: 'CONFIG_MAST=y\n',
    declaration: declarationOf({ version: '4.6.0', firewall: { ...FIREWALL, output: 'drop' } }),
    fileSize: 10 * MIB,
    texts: { '/etc/passwd': 'bosun:x:7:8::/:/bin/bash\n' },
  }),
);
