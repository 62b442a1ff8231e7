/** The disk that brings a seed: one FAT, by whose name the guest finds it. */
import { randomUUID } from 'node:crypto';
import type { ToolOptions } from '../../engine/tool-runner.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { DiskMap } from '../../formats/disk-map.ts';
import { encodeGpt } from '../../formats/gpt.ts';
import { PARTITION_TYPES } from '../../formats/guid.ts';
import { makeFilesystem } from './filesystem.ts';
import { seedDiskTree, type Seed } from './seed.ts';

/** By which the guest finds it. */
const NAME = 'CAISSON-SEED';
/** FAT has 11 characters. */
const LABEL = 'CAISSONSEED';

const SECTOR: Bytes = 512;
const START: Bytes = 2 ** 20;
const SIZE: Bytes = 8 * 2 ** 20;
const DISK: Bytes = START + SIZE + 2 ** 20;

/** As a map; `work` of `tools` holds what it points to. */
export async function seedDisk(seed: Seed, tools: ToolOptions): Promise<DiskMap> {
  const { extents } = await makeFilesystem(
    { type: 'vfat', content: 'seed', label: LABEL, size: SIZE, sectorSize: SECTOR, tree: seedDiskTree(seed) },
    tools,
  );
  const gpt = encodeGpt({
    size: DISK,
    sectorSize: SECTOR,
    diskGuid: randomUUID(),
    partitions: [
      {
        number: 1,
        name: NAME,
        type: PARTITION_TYPES['basic-data'],
        uuid: randomUUID(),
        start: START,
        end: START + SIZE,
        attributes: [],
      },
    ],
  });
  return {
    size: DISK,
    logicalSectorSize: SECTOR,
    physicalSectorSize: 4096,
    extents: [
      { start: 0, bytes: gpt.primary },
      ...extents.map(extent => ({ ...extent, start: START + extent.start })),
      { start: gpt.backupStart, bytes: gpt.backup },
    ],
  };
}
