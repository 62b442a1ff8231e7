import { describe, expect, test } from 'vitest';
import { fstab, placeSystemFiles, type SystemFacts } from '../../pipeline/tree/system.ts';
import { readContent } from '../../pipeline/tree/tar.ts';
import { directory, lookup, place, symlink, textFile, type Tree } from '../../pipeline/tree/tree.ts';
import { overlaysOf, partitionOf } from '../stages/documents.ts';

const journal = partitionOf({
  name: 'Journal',
  mount: '/var/journal',
  filesystem: 'ext4',
  mountFlags: ['noatime', 'nosuid'],
});
const media = partitionOf({ name: 'Media', mount: '/srv/media', filesystem: 'vfat', mountFlags: [] });

describe('fstab', () => {
  test('a line for each partition with a mount point, in their order, by name, none of them needed to boot', () => {
    const lines = fstab([journal, media], null).split('\n');
    expect(lines.map(line => line.split(' '))).toEqual([
      ['/dev/caisson/Journal', '/var/journal', 'ext4', expect.stringMatching(/^noatime,nosuid,nofail/), '0', '2'],
      ['/dev/caisson/Media', '/srv/media', 'vfat', expect.stringMatching(/^nofail/), '0', '2'],
      [''],
    ]);
  });

  test('not the root, which the initrd mounts', () => expect(fstab([partitionOf({ mount: '/' })], null)).toBe(''));

  test('what keeps the overlays is mounted by the initrd already, with its flags', () => {
    const overlays = overlaysOf(journal.content, '/.o', ['/etc']);
    expect(fstab([journal], overlays)).toBe('/run/caisson/mounted/barrel /var/journal none bind,nofail 0 0\n');
  });

  test('of what both slots mount at one place, that of the slot that runs', () => {
    const [a, b] = (['A', 'B'] as const).map(slot =>
      partitionOf({ name: `Keel${slot}`, content: 'keel', slot, mount: '/keel', mountFlags: ['ro'] }),
    );
    expect(
      fstab(
        [a, b].filter(each => each !== undefined),
        null,
      ),
    ).toBe('/dev/caisson-slot/keel /keel ext4 ro,nofail 0 2\n');
  });

  test('of what each slot mounts elsewhere, both', () => {
    const rows = (['A', 'B'] as const).map(slot =>
      partitionOf({ name: `Keel${slot}`, content: 'keel', slot, mount: `/keel-${slot}` }),
    );
    expect(fstab(rows, null).match(/^\S+ \S+/gm)).toEqual(['/dev/caisson/KeelA /keel-A', '/dev/caisson/KeelB /keel-B']);
  });

  test.each([
    ['erofs', '0'],
    ['squashfs', '0'],
    ['vfat', '2'],
  ] as const)('%s is checked in pass %s', (filesystem, pass) =>
    expect(
      fstab([partitionOf({ mount: '/m', filesystem })], null)
        .trim()
        .split(' ')
        .at(-1),
    ).toBe(pass),
  );
});

describe('placeSystemFiles', () => {
  const facts: SystemFacts = {
    hostname: 'beak',
    promises: {
      image: 'pelican',
      version: '2033.4',
      partitions: [journal, partitionOf({ name: 'Bare' })],
      overlays: overlaysOf('keep', '/.o', ['/etc', '/opt/state']),
    },
    osRelease: 'ID=debian\nVERSION_ID="13"\n\n',
  };
  const made = (tree: Tree = new Map(), own: Partial<SystemFacts> = {}): Tree => {
    placeSystemFiles(tree, { ...facts, ...own });
    return tree;
  };
  const text = async (tree: Tree, path: string): Promise<string> =>
    (await readContent(lookup(tree, path)?.node ?? directory())).toString();

  test.each([
    ['/etc/hostname', 'beak\n'],
    ['/etc/hosts', '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'],
    ['/etc/machine-id', ''],
    ['/etc/fstab', fstab([journal], facts.promises.overlays)],
    ['/usr/lib/os-release', 'ID=debian\nVERSION_ID="13"\nIMAGE_ID=pelican\nIMAGE_VERSION=2033.4\n'],
  ])('%s', async (path, content) => {
    const tree = made();
    expect(tree.get(path)?.type).toBe('file');
    expect(await text(tree, path)).toBe(content);
  });

  test.each(['/dev', '/proc', '/run', '/sys', '/var/journal', '/opt/state'])('%s is there to mount on', path =>
    expect(made().get(path)).toEqual(directory(0o755)),
  );

  test('/tmp is everybody’s', () => expect(made().get('/tmp')?.mode).toBe(0o1777));

  test('resolv.conf is resolved’s, also where a file stood', () => {
    expect(
      made(
        new Map([
          ['/etc', directory()],
          ['/etc/resolv.conf', textFile('nameserver 9.9.9.9')],
        ]),
      ).get('/etc/resolv.conf'),
    ).toEqual(symlink('/run/systemd/resolve/stub-resolv.conf'));
  });

  test('an overlay path that is there keeps its mode', () => {
    const tree: Tree = new Map();
    place(tree, '/opt/state', directory(0o710));
    expect(made(tree).get('/opt/state')?.mode).toBe(0o710);
  });

  test.each([
    [['/etc'], true],
    [['/var/.o'], false],
    [['/var'], false],
    [['/var/.other', '/va'], true],
  ])('with overlays on %j the store has a place to be shown: %j', (paths, placed) => {
    const tree = made(new Map(), { promises: { ...facts.promises, overlays: overlaysOf('keep', '/.o/p', paths) } });
    expect(tree.get('/var/.o/p')).toEqual(placed ? directory(0o700) : undefined);
  });
});
