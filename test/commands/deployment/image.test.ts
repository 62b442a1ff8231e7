import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageFault } from '../../../pipeline/commands/context.ts';
import { withDeploymentImage, type DeploymentImage } from '../../../pipeline/commands/deployment/image.ts';
import { writeRaw } from '../../../pipeline/disk/write.ts';
import type { DeclaredPartition, Declaration } from '../../../pipeline/formats/declaration.ts';
import { encodeGpt } from '../../../pipeline/formats/gpt.ts';
import { PARTITION_TYPES } from '../../../pipeline/formats/guid.ts';
import { viewOf } from '../../../pipeline/formats/read-at.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { putProgram, workshop } from '../../engine/steps.ts';
import { BLOCK, entries, erofsOf, nidOf } from '../../formats/erofs-image.ts';
import { made, poke } from '../../formats/made.ts';

const MIB = 2 ** 20;
const directory = scratchDirectory();
let count = 0;

const part = (name: string, more: Partial<DeclaredPartition>): DeclaredPartition => ({
  name,
  content: name.toLowerCase(),
  slot: null,
  type: PARTITION_TYPES.linux,
  filesystem: 'ext4',
  label: '',
  mount: '',
  mountFlags: [],
  grow: false,
  ...more,
});
const keel = part('Keel', { slot: 'A', type: PARTITION_TYPES['root-x86-64'], filesystem: 'erofs' });
const tide = part('Tide', { type: PARTITION_TYPES['caisson-log'], mount: '/tide' });
const hold = part('Hold', { type: PARTITION_TYPES['caisson-data'] });
const cargo = part('Cargo', { mount: '/cargo' });

const declaration: Declaration = {
  format: 1,
  image: 'lugger',
  version: '9',
  partitions: [keel, tide, hold, cargo],
  overlays: { content: 'hold', store: '/.layers', entries: [], direct: [], atUpdate: [] },
  ssh: null,
  firewall: null,
  verifiedBoot: 'switchable',
  updates: null,
  features: { tpm: 'off', kvp: 'off', console: 'off' },
  setuid: null,
  modules: null,
};

const folderOf = (name: string, inode: number) => ({
  mode: 0o040755,
  content: entries([{ name, nid: nidOf(inode) }]),
});

/** An ext2 with a folder and two files in it, as if it was new. */
const filled = made('ext2');
const fresh = ext2({ at: 0x10, value: viewOf(filled).getUint32(1024, true) - 11, width: 4 });

function ext2(field: { at: number; value: number; width: 2 | 4 }, bytes = filled): Uint8Array {
  return poke(bytes, { ...field, at: 1024 + field.at });
}

/** A disk with a partition of 2 MiB for each one that is declared, of that content; `bytes` says what others hold. */
async function opened<T>(
  said: Declaration | null,
  bytes: Record<string, Uint8Array>,
  use: (image: DeploymentImage) => Promise<T>,
): Promise<T> {
  const place = join(directory, String((count += 1)));
  const shop = workshop(place);
  const text = JSON.stringify(said);
  writeFileSync(join(place, 'image.json'), text);
  putProgram(
    shop,
    'bwrap',
    String.raw`PATH=/usr/bin:/bin
while [ $# -gt 0 ]; do [ "$1" = --bind ] && [ "$3" = /mnt/stdout ] && out=$2; shift; done
cat "${place}/image.json" > "$out"`,
  );
  const { image: root } = erofsOf([
    folderOf('usr', 1),
    folderOf('lib', 2),
    folderOf(said === null ? 'nobody' : 'caisson', 3),
    folderOf('image.json', 4),
    { mode: 0o100644, content: Buffer.from(text), layout: 'flat' },
  ]);
  // Its length in blocks, which readers of its folders do not ask for.
  root.writeUInt32LE(root.length / BLOCK, 1024 + 36);
  const held: Record<string, Uint8Array> = { Tide: fresh, Hold: fresh, Cargo: fresh, ...bytes, Keel: root };
  const partitions = [keel, tide, hold, cargo]
    .map(({ name, type }, index) => ({
      number: index + 1,
      name,
      type,
      uuid: `77777777-0000-4000-8000-00000000000${index}`,
      start: (1 + 2 * index) * MIB,
      end: (3 + 2 * index) * MIB,
      attributes: [],
    }))
    .filter(({ name }) => held[name]?.length !== 0);
  const size = 16 * MIB;
  const gpt = encodeGpt({ size, sectorSize: 512, diskGuid: '66666666-0000-4000-8000-000000000000', partitions });
  const extents = [
    { start: 0, bytes: gpt.primary },
    ...partitions.map(({ name, start }) => ({ start, bytes: held[name] ?? new Uint8Array(1) })),
    { start: gpt.backupStart, bytes: gpt.backup },
  ];
  const file = join(place, 'lugger.raw');
  const map = { size, logicalSectorSize: 512, physicalSectorSize: 4096, extents };
  await writeRaw(map, file, { signal: new AbortController().signal, onProgress: () => undefined });
  const scratch = join(place, 'scratch');
  mkdirSync(scratch);
  return withDeploymentImage(file, { ...shop, scratch, emit: () => undefined }, use);
}

const ownOf = async (said: Declaration, bytes: Record<string, Uint8Array> = {}) =>
  opened(said, bytes, async ({ own, data, log }) => ({
    own: own.map(each => each.name),
    data: data.name,
    log: log?.name ?? null,
  }));
const changed = (more: Partial<Declaration>): Declaration => ({ ...declaration, ...more });

describe('an image for deployments', () => {
  it('makes anew what is written and held nothing', async () => {
    expect(await ownOf(declaration)).toEqual({ own: ['Tide', 'Hold', 'Cargo'], data: 'Hold', log: 'Tide' });
  });

  it('keeps what was put elsewhere when it was built, what is read-only, and what a slot has', async () => {
    expect(await ownOf(declaration, { Cargo: filled })).toMatchObject({ own: ['Tide', 'Hold'] });
    for (const more of [{ mountFlags: ['nodev', 'ro'] }, { slot: 'A' as const }])
      expect(await ownOf(changed({ partitions: [keel, tide, hold, { ...cargo, ...more }] }))).toMatchObject({
        own: ['Tide', 'Hold'],
      });
  });

  it('may have no Log, and no file system yet where one is to be', async () => {
    expect(await ownOf(changed({ partitions: [keel, hold] }))).toEqual({ own: ['Hold'], data: 'Hold', log: null });
    expect(await ownOf(declaration, { Hold: new Uint8Array(512) })).toMatchObject({ data: 'Hold' });
  });

  it('without overlays knows Data by its type', async () => {
    expect(await ownOf(changed({ overlays: null }))).toMatchObject({ data: 'Hold' });
  });

  const mounted = ext2({ at: 0x34, value: 7, width: 2 }, fresh);
  it.each<[string, Declaration | null, Record<string, Uint8Array>, string]>([
    ['says nothing', null, {}, 'no root partition of it holds /usr/lib/caisson/image.json'],
    ['speaks another format', changed({ format: 2 as 1 }), {}, 'is of format 2; format 1 is known here'],
    ['has run', declaration, { Tide: mounted }, 'has run: its Tide was mounted'],
    ['has run, by a part that is kept', declaration, { Cargo: mounted }, 'has run: its Cargo was mounted'],
    ['has files on Data', declaration, { Hold: filled }, 'Hold of '],
    ['has no Data', changed({ partitions: [keel, tide] }), {}, 'has no partition for data'],
    ['lacks what it says', declaration, { Cargo: new Uint8Array(0) }, 'has no partition "Cargo", though it says'],
    ['holds something else', declaration, { Hold: made('squashfs') }, 'Hold of '],
    ['is damaged', declaration, { Hold: ext2({ at: 0x4, value: 0, width: 4 }, fresh) }, 'Hold: damaged ext4'],
  ])('is refused when it %s', async (_, said, bytes, message) => {
    const opening = opened(said, bytes, async () => 'used');
    await expect(opening).rejects.toThrow(UsageFault);
    await expect(opening).rejects.toThrow(message);
  });

  it('keeps the faults of its user apart from its own', async () => {
    const fault = new RangeError('in use');
    await expect(
      opened(declaration, {}, async () => {
        throw fault;
      }),
    ).rejects.toBe(fault);
  });
});
