/** Documents for tests: complete values with names of their own, changed as a test needs. */
import type { Image, Layout, Manifest, Overlays, Partition } from '../../pipeline/config/types.ts';
import type { ImageView } from '../../pipeline/stages/stage.ts';

const MIB = 2 ** 20;

export function partitionOf(own: Partial<Partition> = {}): Partition {
  const size = own.size ?? 40 * MIB;
  const start = own.start ?? 3 * MIB;
  return {
    number: 21,
    name: 'Barrel',
    content: 'barrel',
    slot: null,
    start,
    end: start + size,
    size,
    type: '0fc63daf-8483-4772-8e79-3d69d8477de4',
    attributes: [],
    filesystem: 'ext4',
    label: 'brl',
    mount: '',
    mountFlags: [],
    grow: false,
    reserve: 0,
    filled: true,
    ...own,
  };
}

/** Partitions one behind the other from 3 MiB on; numbers as given. */
export function layoutOf(rows: readonly Partial<Partition>[], own: Partial<Layout> = {}): Layout {
  let start = 3 * MIB;
  const partitions = rows.map(row => {
    const made = partitionOf({ start, ...row });
    start = made.end;
    return made;
  });
  return {
    name: 'stern',
    file: '/host/layouts/stern.yaml',
    size: start + 5 * MIB,
    sectorSize: 4096,
    physicalSectorSize: 4096,
    alignment: MIB,
    partitions,
    overlays: null,
    ...own,
  };
}

/** Every path is kept in full. */
export function overlaysOf(content: string, store: string, paths: readonly string[]): Overlays {
  return {
    content,
    store,
    entries: paths.map(path => ({ path, mode: 'full', flags: ['noatime'] })),
    direct: [],
    atUpdate: [],
  };
}

/** Two slots, B empty, and numbers that no default would give. */
export function twoSlots(): Layout {
  return layoutOf(
    [
      { number: 14, name: 'StateA', content: 'state', slot: 'A', filesystem: 'vfat', size: 8 * MIB },
      { number: 3, name: 'KernA', content: 'kern', slot: 'A', filesystem: 'vfat' },
      { number: 9, name: 'SysA', content: 'sys', slot: 'A', filesystem: 'erofs', size: 90 * MIB },
      { number: 15, name: 'StateB', content: 'state', slot: 'B', filesystem: 'vfat', size: 8 * MIB, filled: false },
      { number: 7, name: 'KernB', content: 'kern', slot: 'B', filesystem: 'vfat', filled: false },
      { number: 2, name: 'SysB', content: 'sys', slot: 'B', filesystem: 'erofs', size: 90 * MIB, filled: false },
      { number: 30, name: 'Hold', content: 'hold', filesystem: 'ext4', label: 'Hold', mountFlags: ['nodev', 'noexec'] },
      { number: 31, name: 'Blank', content: 'blank', filesystem: 'none', label: '' },
    ],
    { overlays: overlaysOf('hold', '/.keep', ['/etc', '/var']) },
  );
}

export function manifestOf(own: Partial<Manifest> = {}): Manifest {
  return {
    name: 'cargo',
    file: '/host/rootfs-manifests/cargo.yaml',
    bases: [],
    source: 'debian',
    architecture: 'amd64',
    suite: 'sid',
    components: ['main', 'contrib'],
    mirrors: [{ url: 'http://mirror.example/debian', suites: ['sid', 'experimental'] }],
    keyring: '/keys/port.gpg',
    variant: 'essential',
    packages: ['rope', 'anchor'],
    exclude: ['/usr/share/doc/*'],
    remove: [],
    removePackages: [],
    users: [],
    groups: [],
    units: { enable: [], disable: [], mask: [] },
    modules: [],
    setuid: null,
    features: {},
    ...own,
  };
}

export function imageOf(own: Partial<Image> = {}): Image {
  return {
    name: 'galleon',
    file: '/host/pipeline/galleon.yaml',
    bases: [],
    version: '7.3',
    summary: '',
    layout: 'stern',
    ssh: null,
    firewall: null,
    features: { tpm: 'on', kvp: 'off', console: 'off' },
    verifiedBoot: 'on',
    signing: null,
    updates: null,
    release: null,
    budgets: { root: null, image: null, packages: null, setuid: null, listening: null },
    epoch: 1_444_444_444,
    seed: 'salt water',
    tools: 'chest',
    vmTools: 'vm-chest',
    stages: [],
    ...own,
  };
}

/** What `resolve` sees; asking for a document that is not given is the test's fault. */
export function viewOf(own: Partial<ImageView> = {}): ImageView {
  const missing =
    (kind: string) =>
    (name: string): never => {
      throw new Error(`the test gives no ${kind} "${name}"`);
    };
  const { name, version, summary, epoch, seed, ssh, firewall, features, verifiedBoot } = imageOf();
  return {
    name,
    version,
    summary,
    epoch,
    seed,
    layout: twoSlots(),
    ssh,
    firewall,
    features,
    verifiedBoot,
    hasSigning: false,
    updates: null,
    selectorContent: null,
    inputs: [],
    published: () => null,
    manifest: missing('manifest'),
    overlay: missing('overlay'),
    file: missing('file'),
    ...own,
  };
}
