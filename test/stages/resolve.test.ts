import { describe, expect, test } from 'vitest';
import { command } from '../../pipeline/stages/command.ts';
import { disk } from '../../pipeline/stages/disk.ts';
import { filesystem } from '../../pipeline/stages/filesystem.ts';
import { initrd } from '../../pipeline/stages/initrd.ts';
import { packages } from '../../pipeline/stages/packages.ts';
import { selector } from '../../pipeline/stages/selector.ts';
import { HostPath } from '../../pipeline/stages/stage.ts';
import { tree } from '../../pipeline/stages/tree.ts';
import { uki } from '../../pipeline/stages/uki.ts';
import { verity } from '../../pipeline/stages/verity.ts';
import { layoutOf, manifestOf, overlaysOf, twoSlots, viewOf } from './documents.ts';

const MIB = 2 ** 20;

describe('resolve fills in what the image says', () => {
  test('filesystem: type, label and size of the first partition with the content', () => {
    expect(filesystem.resolve({ content: 'hold' }, viewOf())).toEqual({
      content: 'hold',
      type: 'ext4',
      label: 'Hold',
      seed: 'salt water',
      size: 40 * MIB,
      partition: 40 * MIB,
      sectorSize: 4096,
      readOnly: false,
      compression: 'zstd,3',
    });
    expect(filesystem.resolve({ content: 'hold', readOnly: true }, viewOf()).readOnly).toBe(true);
    expect(filesystem.resolve({ content: 'sys', compression: 'lz4hc,9' }, viewOf())).toMatchObject({
      type: 'erofs',
      size: 90 * MIB,
      compression: 'lz4hc,9',
    });
  });

  test.each([
    ['1.5 MiB', 1.5 * MIB],
    ['40 MiB', 40 * MIB],
    ['41 MiB', 40 * MIB],
  ])('filesystem of %s is no larger than its partition', (size, bytes) =>
    expect(filesystem.resolve({ content: 'hold', size }, viewOf()).size).toBe(bytes),
  );

  test('verity: parity of 2 unless told', () => {
    expect(verity.resolve({ content: 'sys' }, viewOf())).toEqual({
      content: 'sys',
      fecRoots: 2,
      seed: 'salt water',
      partition: { name: 'SysA', size: 90 * MIB },
    });
    expect(verity.resolve({ content: 'sys', fecRoots: 24 }, viewOf()).fecRoots).toBe(24);
  });

  test('uki: the slots in the order of the layout', () => {
    expect(uki.resolve({ content: 'kern', cmdline: ['quiet'] }, viewOf())).toEqual({
      cmdline: ['quiet', 'caisson.on_corruption=restart'],
      switchable: true,
      slots: ['A', 'B'],
      osRelease:
        'ID=caisson\nNAME=Caisson\nPRETTY_NAME="galleon 7.3"\nIMAGE_ID=galleon\nIMAGE_VERSION=7.3\nVERSION_ID=7.3\n',
      partition: { name: 'KernA', size: 40 * MIB },
    });
    expect(uki.resolve({ content: 'kern' }, viewOf({ layout: layoutOf([{ content: 'kern' }]) }))).toMatchObject({
      cmdline: ['caisson.on_corruption=restart'],
      slots: ['only'],
    });
  });

  test('initrd: what init must know of the disk', () => {
    const manifest = (): ReturnType<typeof manifestOf> => manifestOf({ modules: ['kelp', 'sand'] });
    expect(initrd.resolve({ manifest: 'cargo', root: 'sys' }, viewOf({ manifest }))).toEqual({
      modules: ['kelp', 'sand'],
      compression: 9,
      configuration: {
        variables: {
          verified_boot: 'switchable',
          root_filesystem: 'erofs',
          root_flags: '',
          root_partition_A: 'SysA',
          root_partition_B: 'SysB',
          slot_devices_A: '',
          slot_devices_B: '',
          slots: 'A B',
          state_partitions: 'StateA KernA StateB KernB',
          mounted_partitions: 'hold|Hold|ext4|nodev,noexec',
          overlay_content: 'hold',
          overlay_partition: 'Hold',
          overlay_store: '/.keep',
          overlay_mounts: 'etc|/etc|full|noatime var|/var|full|noatime',
          direct_mounts: '',
          overlay_policies: '',
          spare_content: '',
          grow_partition: '',
        },
        partitions: ['A StateA', 'A KernA', 'A SysA', 'B StateB', 'B KernB', 'B SysB'],
      },
    });
    const single = layoutOf([{ name: 'Root', content: 'sys', filesystem: 'squashfs' }]);
    expect(
      initrd.resolve({ manifest: 'cargo', root: 'sys', compression: 3 }, viewOf({ manifest, layout: single })),
    ).toMatchObject({
      compression: 3,
      configuration: {
        variables: {
          root_filesystem: 'squashfs',
          root_partition_only: 'Root',
          slots: 'only',
          overlay_partition: '',
          overlay_mounts: '',
        },
        partitions: [],
      },
    });
  });

  test('selector: A before B, wherever they stand, unless told', () => {
    const [stateA, kernA, , stateB, kernB] = twoSlots().partitions;
    const reversed = layoutOf([stateB, kernB, stateA, kernA].map(each => ({ ...each, filled: true })));
    const order = (own: { order?: ('A' | 'B')[] }): string | undefined =>
      selector.resolve({ boot: 'kern', state: 'state', ...own }, viewOf({ layout: reversed })).state.ORDER;
    expect([order({}), order({ order: ['B'] }), order({ order: ['A'] })]).toEqual(['A B', 'B A', 'A B']);
  });

  test('packages: the manifest without what is the tree stage’s', () => {
    const manifest = manifestOf({
      removePackages: ['worm'],
      users: [{ name: 'mate', uid: 7, gid: 7, gecos: '', home: '/m', shell: '/s' }],
      remove: ['/x'],
    });
    const resolved = packages.resolve({ manifest: 'cargo' }, viewOf({ manifest: () => manifest }));
    expect(packages.sources?.(resolved)).toBe(manifest);
    expect(JSON.parse(JSON.stringify(resolved))).toEqual({
      name: 'cargo',
      source: 'debian',
      architecture: 'amd64',
      suite: 'sid',
      variant: 'essential',
      packages: ['rope', 'anchor'],
      exclude: ['/usr/share/doc/*'],
      removePackages: ['worm'],
    });
  });

  test('command: the script by its content, not its place', () => {
    const view = viewOf({ file: name => ({ path: `/host/${name}`, sha256: 'ff', mode: 0o644 }) });
    const resolved = command.resolve(
      { script: 'scripts/x.sh', arguments: ['-v'], interpreter: '/bin/bash', tools: ['sed'], facts: 'in' },
      view,
    );
    expect(resolved.script.value).toBe('/host/scripts/x.sh');
    expect(JSON.parse(JSON.stringify(resolved))).toEqual({
      sha256: 'ff',
      arguments: ['-v'],
      interpreter: '/bin/bash',
      tools: ['sed'],
      facts: 'in',
    });
    expect(command.resolve({ script: 'x' }, view)).toMatchObject({
      arguments: [],
      interpreter: '/bin/sh',
      tools: [],
      facts: '',
    });
  });

  test('tree: nothing of what is not asked for', () => {
    expect(tree.resolve({}, viewOf())).toEqual({
      users: [],
      groups: [],
      units: { enable: [], disable: [], mask: [] },
      remove: [],
      overlays: [],
      files: {},
      system: null,
    });
  });

  test('tree: what the image promises; of the layout no sizes and places', () => {
    const layout = layoutOf([{ name: 'Hold', mount: '/hold', mountFlags: ['ro'] }, { name: 'Other' }], {
      overlays: overlaysOf('x', '/s', ['/p']),
    });
    const view = viewOf({ layout, ssh: { user: 'bosun', sudo: 'none', transport: 'both' } });
    const { system } = tree.resolve({ system: {} }, view);
    expect(system).toMatchObject({
      hostname: 'galleon',
      promises: {
        image: 'galleon',
        version: '7.3',
        overlays: layout.overlays,
        ssh: view.ssh,
        setuid: null,
        modules: null,
      },
    });
    expect(system?.promises.partitions[0]).toEqual({
      name: 'Hold',
      content: 'barrel',
      slot: null,
      type: '0fc63daf-8483-4772-8e79-3d69d8477de4',
      filesystem: 'ext4',
      label: 'brl',
      mount: '/hold',
      mountFlags: ['ro'],
      grow: false,
    });
    expect(tree.resolve({ system: { hostname: 'prow' } }, viewOf({ layout })).system?.hostname).toBe('prow');
  });

  test('tree: the user who may log in gets an account that nobody has', () => {
    const manifest = manifestOf({
      users: [{ name: 'cook', uid: 1005, gid: 1007, gecos: '', home: '/nonexistent', shell: '/bin/sh' }],
    });
    const of = (user: string) =>
      tree.resolve(
        { manifest: 'cargo', system: {} },
        viewOf({ manifest: () => manifest, ssh: { user, sudo: 'none', transport: 'tcp' } }),
      );
    expect(of('bosun').users.at(-1)).toMatchObject({ name: 'bosun', uid: 1006, gid: 1006, home: '/home/bosun' });
    expect(of('bosun').groups).toEqual([{ name: 'bosun', gid: 1006, members: [] }]);
    expect(of('cook').users).toEqual(manifest.users);
  });

  test('tree: the user who may log in is in the group of that name that the manifest has', () => {
    const groups = [{ name: 'bosun', gid: 2004, members: ['cook'] }];
    const view = viewOf({
      manifest: () => manifestOf({ groups }),
      ssh: { user: 'bosun', sudo: 'none', transport: 'tcp' },
    });
    const resolved = tree.resolve({ manifest: 'cargo', system: {} }, view);
    expect(resolved.users.at(-1)).toMatchObject({ name: 'bosun', uid: 2005, gid: 2004 });
    expect(resolved.groups).toEqual(groups);
  });

  test('disk: ids that follow the seed and the names alone', () => {
    const view = viewOf({ inputs: ['state', 'kern', 'sys', 'hold'] });
    const first = disk.resolve({}, view);
    expect(disk.resolve({}, { ...view, name: 'sloop', version: '1', layout: { ...twoSlots(), name: 'bow' } })).toEqual(
      first,
    );
    const ids = [first.diskGuid, ...first.partitions.map(each => each.uuid)];
    expect(new Set(ids).size).toBe(9);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(disk.resolve({}, { ...view, seed: 'fresh water' }).diskGuid).not.toBe(first.diskGuid);
  });
});

test('HostPath is no part of JSON', () => {
  const path = new HostPath('/host/secret');
  expect(path.value).toBe('/host/secret');
  expect(JSON.stringify({ path, list: [path] })).toBe('{"list":[null]}');
});
