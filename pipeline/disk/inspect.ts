/** What stands in a disk image, read from its superblocks, tables and EFI programs: `caisson inspect`. */
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { type DecodedGpt, decodeGpt } from '../formats/gpt-read.ts';
import { partitionLabel, type Container, type InspectedPartition, type Inspection } from '../formats/inspection.ts';
import { withinBudget } from './inspect/budget.ts';
import { type FileAccess, inspectPartition } from './inspect/partition.ts';
import { matchRoots } from './inspect/roots.ts';
import type { DiskImage } from './read.ts';

/** Far above what any real image needs; a table of thousands of partitions with large FATs ends here. */
const MOST_READ: Bytes = 4 * 2 ** 30;
/** Of FAT partitions, copied to search them for EFI programs. */
const MOST_COPIED: Bytes = 4 * 2 ** 30;

/**
 * Reads some MiB of an image of any size: superblocks, FATs, tops of hash trees, EFI programs. What is wrong is told
 * in `faults`; nothing is thrown for it. `files` opens FAT partitions to find EFI programs; a text instead says why
 * nobody does.
 */
export async function inspectImage(image: DiskImage, files: FileAccess | string): Promise<Inspection> {
  const container = containerOf(image);
  const notes: string[] = [];
  const outer = (image.vhdx?.faults ?? []).map(fault => `container: ${fault}`);
  const table = await tableOf(image);
  if (table instanceof FormatFault)
    return { container, gpt: null, partitions: [], faults: [...outer, told(table)], notes };
  const found: InspectedPartition[] = [];
  const names = table.partitions.map(({ name }) => name);
  const shared = { read: withinBudget(image.read, MOST_READ), files, notes, budget: { copied: MOST_COPIED } };
  for (const partition of table.partitions)
    found.push(await inspectPartition(partition, { ...shared, slot: slotOf(partition.name, names) }));
  const partitions = matchRoots(found);
  const faults = [
    ...outer,
    ...table.faults.map(fault => `partition table: ${fault}`),
    ...partitions.flatMap(each => each.faults.map(fault => `${partitionLabel(each)}: ${fault}`)),
  ];
  return { container, gpt: { diskGuid: table.diskGuid, faults: table.faults }, partitions, faults, notes };
}

function containerOf({ format, size, fileSize, sectorSize, vhdx }: DiskImage): Container {
  if (vhdx === null) return { format, size, fileSize, sectorSize, vhdx: null };
  const { physicalSectorSize, blockSize, blockCount, presentBlocks, creator, diskId, header, fixed } = vhdx;
  return {
    format,
    size,
    fileSize,
    sectorSize,
    vhdx: {
      subformat: fixed ? 'fixed' : 'dynamic',
      physicalSectorSize,
      blockSize,
      blocks: { present: presentBlocks, total: blockCount },
      creator,
      diskId,
      fileWriteGuid: header.fileWriteGuid,
      dataWriteGuid: header.dataWriteGuid,
      log: { state: 'empty', size: header.logLength },
    },
  };
}

async function tableOf({ read, size, sectorSize }: DiskImage): Promise<DecodedGpt | FormatFault> {
  return decodeGpt(read, size, sectorSize).catch((error: unknown) => {
    if (error instanceof FormatFault) return error;
    throw error;
  });
}

function told({ message, hint }: FormatFault): string {
  return hint === '' ? message : `${message} (${hint})`;
}

/** `RootFSA` is slot A's when there is a `RootFSB` too; also `root-a`. */
function slotOf(name: string, names: readonly string[]): InspectedPartition['slot'] {
  const twins: Readonly<Record<string, string>> = { A: 'B', B: 'A', a: 'b', b: 'a' };
  const [bare, letter] = [name.slice(0, -1), name.slice(-1)];
  const twin = twins[letter];
  if (twin === undefined || !names.includes(`${bare}${twin}`)) return null;
  return letter.toUpperCase() === 'A' ? 'A' : 'B';
}
