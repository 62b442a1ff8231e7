/** The disk of one deployment: an image with Log and Data made anew, a seed on Data, and ids of its own. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { imageExtents } from '../../disk/image-extents.ts';
import { timed } from '../../engine/timed.ts';
import { toolContext, type ToolOptions } from '../../engine/tool-runner.ts';
import { formatSize, type Bytes } from '../../formats/bytes.ts';
import type { Extent } from '../../formats/disk-map.ts';
import { encodeGpt } from '../../formats/gpt.ts';
import { copyTable, type CopiedPartition, type CopyTable } from '../../plan/copy-table.ts';
import { dataExtents } from '../../stages/filesystem/extents.ts';
import type { Tree } from '../../tree/tree.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { formatOf, mustHold, writeDisk, type DiskFormat } from './disk.ts';
import { makeFilesystem } from './filesystem.ts';
import type { DeploymentImage } from './image.ts';
import { dataTree, type Seed } from './seed.ts';

export interface CopyRequest {
  seed: Seed;
  /** What else stands on Data. */
  planted: Tree;
  /** Null: as large as in the image. */
  dataSize: Bytes | null;
  logSize: Bytes | null;
  /** What the file will be called; tells its format. */
  out: string;
  /** Host path to write. */
  target: string;
}

export interface MadeCopy {
  format: DiskFormat;
  /** Of the virtual disk. */
  size: Bytes;
  diskGuid: string;
  /** VirtualDiskId of a VHDX, unique id of a VHD; null for raw. */
  diskId: string | null;
  partitions: {
    number: number;
    name: string;
    uuid: string;
    start: Bytes;
    size: Bytes;
    filesystemUuid: string | null;
  }[];
}

const LEAST_LOG: Bytes = 2 ** 30;
const LEAST_DATA: Bytes = 2 ** 31;
const MOST: Bytes = 2 ** 41;

/** Throws UsageFault for sizes that are not allowed, or that the format cannot hold. */
export async function makeCopy(
  { emit, signal }: Pick<CommandContext, 'emit' | 'signal'>,
  image: DeploymentImage,
  { request, tools }: { request: CopyRequest; tools: ToolOptions },
): Promise<MadeCopy> {
  const format = formatOf(request.out, image.image.format);
  const table = copyTable(
    { size: image.image.size, sectorSize: image.image.sectorSize, partitions: image.partitions },
    { sizes: newSizes(image, request), newGuid: randomUUID },
  );
  mustHold(format, table);
  const task = { id: 'file systems', summary: 'Log and Data of its own' };
  const made = await timed(task, { emit, signal }, async () => {
    const filesystems = await makeOwn(image, table, { ...request, tools });
    return { value: filesystems, detail: '' };
  });
  const map = {
    size: table.size,
    logicalSectorSize: table.sectorSize,
    physicalSectorSize: image.image.vhdx?.physicalSectorSize ?? 4096,
    extents: await allExtents(image, table, { made, tools }),
  };
  const diskId = await writeDisk(map, { target: request.target, format, emit, signal });
  const partitions = table.partitions.map(({ number, name, uuid, start, end }) => {
    const filesystemUuid = made.get(number)?.uuid ?? null;
    return { number, name, uuid, start, size: end - start, filesystemUuid };
  });
  return { format, size: table.size, diskGuid: table.diskGuid, diskId, partitions };
}

function newSizes({ file, data, log }: DeploymentImage, wanted: CopyRequest): Map<number, Bytes> {
  const sizes = new Map<number, Bytes>();
  if (wanted.dataSize !== null) {
    mustBeAllowed('--data-size', wanted.dataSize, LEAST_DATA);
    sizes.set(data.number, wanted.dataSize);
  }
  if (wanted.logSize === null) return sizes;
  mustBeAllowed('--log-size', wanted.logSize, LEAST_LOG);
  if (log === null) throw new UsageFault(`${file} has no partition for logs`, 'leave --log-size out: they go to Data');
  return sizes.set(log.number, wanted.logSize);
}

function mustBeAllowed(option: string, size: Bytes, least: Bytes): void {
  if (size < least || size > MOST)
    throw new UsageFault(
      `${option} ${formatSize(size)} does not fit: ${formatSize(least)} to ${formatSize(MOST)} are allowed`,
      `give ${size < least ? 'more' : 'less'}, or leave it out for the size that the image has`,
    );
  if (size % 2 ** 20 !== 0)
    throw new UsageFault(
      `${option} ${formatSize(size)} is no whole number of MiB`,
      'give a whole number of MiB: partitions end on one',
    );
}

type Made = ReadonlyMap<number, { uuid: string; extents: Extent[] }>;

async function makeOwn(
  { own, data }: DeploymentImage,
  table: CopyTable,
  { seed, planted, tools }: Pick<CopyRequest, 'seed' | 'planted'> & { tools: ToolOptions },
): Promise<Made> {
  const all = own.map(async ({ number, declared }) => {
    const { start, end } = partitionOf(table, number);
    const filesystem = await makeFilesystem(
      {
        type: 'ext4',
        content: `partition-${number}`,
        label: declared.label,
        size: end - start,
        sectorSize: table.sectorSize,
        tree: number === data.number ? new Map([...dataTree(seed), ...planted]) : new Map(),
      },
      tools,
    );
    return [number, filesystem] as const;
  });
  return new Map(await Promise.all(all));
}

function partitionOf({ partitions }: CopyTable, number: number): CopiedPartition {
  const found = partitions.find(each => each.number === number);
  if (found === undefined) throw new Error(`the copy has no partition ${number}`);
  return found;
}

async function allExtents(
  { file, image }: DeploymentImage,
  table: CopyTable,
  { made, tools }: { made: Made; tools: ToolOptions },
): Promise<Extent[]> {
  const { primary, backup, backupStart } = encodeGpt(table);
  const data = image.vhdx === null ? await plainData(file, tools) : [];
  const extents: Extent[] = [{ start: 0, bytes: primary }];
  for (const { number, start, from } of table.partitions.toSorted((a, b) => a.start - b.start)) {
    const own = made.get(number);
    if (own === undefined) extents.push(...(await imageExtents(image, { file, from, to: start, data })));
    else extents.push(...own.extents.map(extent => ({ ...extent, start: start + extent.start })));
  }
  return [...extents, { start: backupStart, bytes: backup }];
}

/** A raw disk has holes, which need not be read. */
async function plainData(file: string, tools: ToolOptions): Promise<[Bytes, Bytes][]> {
  const out = path.resolve(file);
  const input = { id: 'image', key: '', sha256: '', bytes: 0, path: out, facts: {}, inputs: {} };
  const { box, run, signal } = toolContext(tools, { name: 'none', inputs: { image: input } });
  return dataExtents({ box: { ...box, out: box.inputs.image ?? '' }, out, run, signal });
}
