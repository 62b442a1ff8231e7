import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootConfiguration, storeName } from '../../../pipeline/stages/initrd/boot.ts';
import { layoutOf, overlaysOf, viewOf } from '../documents.ts';

/** Slot B first, names that say nothing of slot or content. */
const layout = layoutOf(
  [
    { name: 'Spare', content: 'spare', mount: '/spare', mountFlags: ['noatime'] },
    { name: 'Chest', content: 'chest', mountFlags: [] },
    { name: 'Keg', content: 'keg', mountFlags: ['nodev'], grow: true },
    { name: 'Mast 2', content: 'mast', slot: 'B', filesystem: 'vfat', mount: '/mast' },
    { name: 'Sail_A', content: 'sail', slot: 'B', filesystem: 'ext4', mount: '/', mountFlags: ['noatime', 'nosuid'] },
    { name: 'Mast 1', content: 'mast', slot: 'A', filesystem: 'vfat', mount: '/mast' },
    { name: 'Sail_B', content: 'sail', slot: 'A', filesystem: 'ext4', mount: '/', mountFlags: ['noatime', 'nosuid'] },
  ],
  {
    overlays: {
      ...overlaysOf('keg', '/.st', ['/etc', '/opt/a-b']),
      direct: [
        { path: '/opt/box', content: 'keg', flags: ['nosuid', 'nodev'] },
        { path: '/opt/a-b/log', content: 'chest', flags: ['noexec'] },
      ],
      atUpdate: [
        { path: '/etc/reef', policy: 'take-new' },
        { path: '/etc/reef/a', policy: 'keep' },
      ],
    },
  },
);
const plain = {
  ...layout,
  partitions: layout.partitions.map(each => ({ ...each, name: each.name.replace(' ', '_') })),
};

describe('bootConfiguration', () => {
  test('has the partitions of each slot by the names of the layout', () => {
    const { variables, partitions } = bootConfiguration(viewOf({ layout: plain }), 'sail');
    expect(variables).toEqual({
      verified_boot: 'switchable',
      root_filesystem: 'ext4',
      root_flags: 'noatime,nosuid',
      root_partition_B: 'Sail_A',
      root_partition_A: 'Sail_B',
      slot_devices_B: 'mast:Mast_2',
      slot_devices_A: 'mast:Mast_1',
      slots: 'B A',
      state_partitions: 'Mast_2 Mast_1',
      mounted_partitions: 'keg|Keg|ext4|nodev chest|Chest|ext4| spare|Spare|ext4|noatime',
      overlay_content: 'keg',
      overlay_partition: 'Keg',
      overlay_store: '/.st',
      overlay_mounts: 'etc|/etc|full|noatime opt-a%2db|/opt/a-b|full|noatime',
      direct_mounts: 'keg|opt-box|/opt/box|nosuid,nodev,exec chest|opt-a%2db-log|/opt/a-b/log|noexec,suid,dev',
      overlay_policies: '/etc/reef|take-new /etc/reef/a|keep /etc/machine-id|keep /etc/hostname|keep',
      spare_content: 'spare',
      grow_partition: 'Keg',
    });
    expect(partitions).toEqual(['B Mast_2', 'B Sail_A', 'A Mast_1', 'A Sail_B']);
  });

  test('overlays in memory are on no partition, and nothing is kept beside them', () => {
    const memory = { ...plain, overlays: overlaysOf('', '/.tide', ['/etc', '/srv']) };
    expect(bootConfiguration(viewOf({ layout: memory }), 'sail').variables).toMatchObject({
      mounted_partitions: '',
      overlay_content: '',
      overlay_partition: '',
      overlay_store: '/.tide',
      overlay_mounts: 'etc|/etc|full|noatime srv|/srv|full|noatime',
      spare_content: '',
    });
  });

  test('says that verification is enforced, for no command line to switch it off', () => {
    const { variables } = bootConfiguration(viewOf({ layout: plain, verifiedBoot: 'enforced' }), 'sail');
    expect(variables.verified_boot).toBe('enforced');
  });

  test('a name with a blank is a fault only where a device is named after it', () => {
    const unmounted = layout.partitions.map(each => (each.content === 'mast' ? { ...each, mount: '' } : each));
    expect(bootConfiguration(viewOf({ layout: { ...layout, partitions: unmounted } }), 'sail').partitions).toContain(
      'B Mast 2',
    );
    expect(() => bootConfiguration(viewOf({ layout }), 'sail')).toThrow(
      'the partition name "Mast 2" cannot be the name of a device',
    );
  });

  test.each([['a/b'], ['a%b'], ['a"b'], ['..'], ['$(x)'], ['ä']])('a root called %s is refused', name => {
    const partitions = plain.partitions.map(each => (each.name === 'Sail_B' ? { ...each, name } : each));
    expect(() => bootConfiguration(viewOf({ layout: { ...plain, partitions } }), 'sail')).toThrow(
      `"${name}" cannot be the name`,
    );
  });

  test('values hold nothing that a shell would read', () => {
    for (const value of Object.values(bootConfiguration(viewOf(), 'sys').variables))
      expect(value).toMatch(/^[\w./@%+=:,| -]*$/);
  });
});

describe('storeName', () => {
  test.each([
    ['/etc', 'etc'],
    ['/home', 'home'],
    ['/var/lib/docker', 'var-lib-docker'],
    ['/a/b', 'a-b'],
    ['/a-b', 'a%2db'],
    ['/a-/b', 'a%2d-b'],
    ['/a/-b', 'a-%2db'],
    ['/a%2db', 'a%252db'],
  ])('%s -> %s', (path, name) => expect(storeName(path)).toBe(name));

  test('no two paths have one name, and none has a folder in it', () => {
    const path = fc
      .array(fc.stringMatching(/^[a-b%2d.-]{1,4}$/), { minLength: 1, maxLength: 4 })
      .map(parts => `/${parts.join('/')}`);
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(storeName(a) === storeName(b)).toBe(a === b);
        expect(storeName(a)).not.toMatch(/\//);
      }),
      { numRuns: 2000 },
    );
  });
});
