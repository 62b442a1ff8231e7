import { describe, expect, test } from 'vitest';
import { compareSnapshots, type Difference, type ImageDifference } from '../../pipeline/formats/difference.ts';
import { declarationOf, fileOf, partitionOf, snapshotOf, type SnapshotParts } from './difference/snapshots.ts';

const between = (old: SnapshotParts, next: SnapshotParts): Difference =>
  compareSnapshots(snapshotOf(old), snapshotOf(next));
const images = (old: SnapshotParts, next: SnapshotParts): ImageDifference | null => between(old, next).image;

describe('compareSnapshots', () => {
  test('an image is the same as itself, and says nothing', () => {
    const parts: SnapshotParts = {
      packages: { hull: [{ name: 'oak', version: '2', architecture: 'all' }] },
      files: [fileOf('/etc/sail')],
      partitions: [partitionOf('Log', 5)],
      kernelConfig: 'CONFIG_MAST=y\n',
    };
    const found = between(parts, parts);
    expect(found.same).toBe(true);
    expect(found.packages).toEqual([]);
    expect(found.image).toMatchObject({ units: [], setuid: [], firewall: [], kernelConfig: [], partitions: [] });
  });

  test.each<[string, SnapshotParts, SnapshotParts]>([
    ['a file', {}, { files: [fileOf('/new')] }],
    ['a file of the initrd', { initrd: [fileOf('/init')] }, {}],
    ['a package', {}, { packages: { hull: [{ name: 'tar', version: '1', architecture: 'all' }] } }],
    ['a word', { cmdline: 'quiet' }, { cmdline: 'loud' }],
    ['a version', {}, { declaration: declarationOf({ version: '4.5.7' }) }],
    ['a root hash', { rootHash: '1' }, { rootHash: '2' }],
    ['a kernel', { release: '6.1.9-keel' }, { release: '6.1.10-keel' }],
    ['an option of the kernel', { kernelConfig: 'CONFIG_A=y' }, { kernelConfig: 'CONFIG_A=m' }],
    ['the length of the file', { fileSize: 10 }, { fileSize: 11 }],
    ['what a partition holds', { partitions: [partitionOf('Log', 5)] }, { partitions: [partitionOf('Log', 6)] }],
    [
      'a program of the same length',
      { programs: [{ partition: 'B', path: '/x.efi', bytes: 3, sha256: 'aa' }] },
      { programs: [{ partition: 'B', path: '/x.efi', bytes: 3, sha256: 'bb' }] },
    ],
  ])('%s makes two images differ, in both directions', (_, old, next) => {
    expect(between(old, next).same).toBe(false);
    expect(between(next, old).same).toBe(false);
  });

  test('what one of them has, by side', () => {
    const found = images(
      { declaration: null, release: '6.1.9-keel', rootHash: 'aa' },
      { declaration: declarationOf({ verifiedBoot: 'enforced' }), release: '6.1.10-keel', rootHash: 'bb' },
    );
    expect(found).toMatchObject({
      version: { old: null, new: 'galleon 4.5.6' },
      verifiedBoot: { old: null, new: 'enforced' },
      kernelRelease: { old: '6.1.9-keel', new: '6.1.10-keel' },
      rootHash: { old: 'aa', new: 'bb' },
    });
  });

  test('lock files have packages alone; what is not known is a text', () => {
    const lock = (version: string) => ({
      name: `${version}.lock.yaml`,
      packages: { hull: [{ name: 'oak', version, architecture: 'amd64' }] },
      image: null,
    });
    expect(compareSnapshots(lock('1'), lock('2'))).toEqual({
      kind: 'locks',
      old: '1.lock.yaml',
      new: '2.lock.yaml',
      same: false,
      packages: [{ name: 'oak', manifests: ['hull'], old: '1', new: '2' }],
      image: null,
    });
    expect(between({ packages: 'no record' }, {}).packages).toBe('no record');
    expect(between({}, { packages: 'none either' }).packages).toBe('none either');
  });

  test('partitions in the order of the new disk, what is gone last', () => {
    const found = images(
      { partitions: [partitionOf('Gone', 1), partitionOf('Log', 5), partitionOf('Same', 1)] },
      { partitions: [partitionOf('Same', 1), partitionOf('Log', null), partitionOf('Come', 2)] },
    );
    expect(found?.partitions.map(({ name, old, new: next }) => [name, old?.used, next?.used])).toEqual([
      ['Log', 5, null],
      ['Come', undefined, 2],
      ['Gone', 1, undefined],
    ]);
  });
});
