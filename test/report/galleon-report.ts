import type { BuildReport } from '../../pipeline/formats/build-report.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** A build of which some was reused, with something of everything. */
export const GALLEON: BuildReport = {
  image: 'galleon',
  version: '7.3',
  summary: 'A ship',
  layout: 'stern',
  at: '2031-02-03T04:05:06Z',
  seconds: 21.4,
  jobs: 3,
  epoch: 1_444_444_444,
  kernel: '9.9.9-keel',
  disk: {
    size: 12 * GIB,
    sectorSize: 4096,
    guid: 'c0ffee00-0000-4000-8000-000000000000',
    partitions: [
      partition(1, 'LoaderX', { start: MIB, end: 17 * MIB, slot: 'A', used: 5 * MIB, filesystem: 'vfat', type: 'esp' }),
      partition(2, 'SystemX', { start: 17 * MIB, end: 5 * GIB, slot: 'A', used: 700 * MIB, filesystem: 'erofs' }),
      partition(3, 'SystemY', {
        start: 5 * GIB,
        end: 10 * GIB,
        slot: 'B',
        used: 0,
        filesystem: 'erofs',
        filled: false,
      }),
      partition(4, 'State', { start: 10 * GIB, end: 12 * GIB - MIB, mount: '/srv/state', used: 70 * MIB, grow: true }),
    ],
  },
  files: [{ name: 'galleon.vhd', bytes: 301 * MIB, sha256: 'ab'.repeat(32) }],
  steps: [
    step('parts', { cached: true, seconds: 33.5 }),
    step('hull', { inputs: ['parts'], startedAt: 2, seconds: 5.5 }),
    step('mast', { startedAt: 2, seconds: 1 }),
    step('box', { inputs: ['hull', 'mast'], startedAt: 7.5, seconds: 13 }),
  ],
  beside: [{ id: 'resolve chest', summary: 'which packages', startedAt: 0.1, seconds: 1.5 }],
  critical: ['hull', 'box'],
  packages: {
    sizes: 'files',
    rows: [
      { name: 'linux-image', version: '9.9', bytes: 90 * MIB },
      ...Array.from({ length: 24 }, (_, i) => ({ name: `plank-${i}`, version: '1.2', bytes: (30 - i) * 2 ** 10 })),
    ],
    other: { bytes: 3 * MIB, files: 41 },
    counts: [
      { manifest: 'cargo', count: 26 },
      { manifest: 'chest', count: 9 },
    ],
  },
  largest: [
    { path: '/usr/lib/ballast.so', bytes: 44 * MIB },
    { path: '/usr/bin/hoist', bytes: 2 * MIB },
  ],
  trust: {
    verifiedBoot: 'on',
    verity: {
      rootHash: 'c0ffee'.repeat(8),
      salt: '5a17'.repeat(16),
      algorithm: 'sha256',
      blockSize: 4096,
      dataBlocks: 171_000,
      hashOffset: 171_000 * 4096,
      fecOffset: 172_400 * 4096,
      fecRoots: 7,
    },
    signers: [
      {
        what: 'boot programs',
        key: 'token',
        certificate: 'keys/bosun.crt',
        details: { subject: 'CN=Bosun', issuer: 'CN=Admiralty', sha256: 'de'.repeat(32), until: '2044-05-06' },
        signed: ['/EFI/BOOT/BOOTX64.EFI'],
      },
      { what: 'releases', key: 'file', certificate: 'keys/purser.crt', details: null, signed: [] },
    ],
    pcrs: { pcr4: '44'.repeat(32), pcr7: null, pcr11: [{ profile: 0, id: 'calm', value: '11'.repeat(32) }] },
    profiles: [{ id: 'calm', title: 'no wind', cmdline: 'quiet caisson.roothash=c0ffee' }],
  },
  budgets: [
    { name: 'root', limit: 800 * MIB, found: 760 * MIB },
    { name: 'packages', limit: 90, found: 26 },
  ],
  headroom: [
    {
      content: 'system',
      partitions: ['SystemX', 'SystemY'],
      size: 5 * GIB,
      used: 700 * MIB,
      free: 5 * GIB - 700 * MIB,
      reserve: GIB,
    },
  ],
  warnings: [
    { level: 'warning', message: '"/srv/rum" matches nothing', hint: 'take it out' },
    { level: 'note', message: 'There is no lock file', hint: '`caisson lock galleon` makes one' },
  ],
  lock: 'rootfs-manifests/galleon.lock.yaml',
};

type DiskPartition = NonNullable<BuildReport['disk']>['partitions'][number];

function partition(number: number, name: string, own: Partial<DiskPartition>): DiskPartition {
  const type = 'root-x86-64';
  const plain = { type, typeName: type, filesystem: 'ext4', slot: null, mount: '', grow: false, filled: true, used: 0 };
  return { ...plain, number, name, start: 0, end: 0, ...own };
}

function step(id: string, own: Partial<BuildReport['steps'][number]>): BuildReport['steps'][number] {
  const plain = {
    stage: 'canvas',
    inputs: [],
    cached: false,
    startedAt: null,
    seconds: 0,
    bytes: 7,
  };
  return { id, ...plain, ...own };
}

/** Every text of a value replaced. */
export function withTexts<T>(value: T, text: (old: string) => string): T {
  if (typeof value === 'string') return text(value) as T;
  if (Array.isArray(value)) return value.map((each: unknown) => withTexts(each, text)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withTexts(each as unknown, text)])) as T;
}
