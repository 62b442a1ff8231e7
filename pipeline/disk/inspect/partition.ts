/** One partition: what stands in it, and how much of it is used. */
import { roundSize, type Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import { decodeFilesystem, isEmpty } from '../../formats/filesystem/decode.ts';
import type { Filesystem } from '../../formats/filesystem/filesystem.ts';
import type { GptPartition } from '../../formats/gpt.ts';
import { partitionTypeName } from '../../formats/guid.ts';
import {
  partitionLabel,
  type EfiBinary,
  type InspectedPartition,
  type InspectedVerity,
} from '../../formats/inspection.ts';
import type { ReadAt } from '../../formats/read-at.ts';
import { decodeVerity, type Verity } from '../../formats/verity.ts';
import type { PartitionFiles } from '../../formats/partition-files.ts';
import { readEfiPrograms } from './efi.ts';

/** How files are read out of a FAT partition. */
export interface FileAccess {
  /** Throws FormatFault when the partition cannot be read. */
  open(partition: GptPartition): Promise<PartitionFiles>;
  /** Host folder for copies. */
  scratch: string;
}

export interface PartitionOptions {
  /** Of the disk. */
  read: ReadAt;
  slot: InspectedPartition['slot'];
  /** A text says why there is none. */
  files: FileAccess | string;
  /** Receives what was not looked at. */
  notes: string[];
  /** What may still be copied of FAT partitions; goes down. */
  budget: { copied: Bytes };
}

/** The hash tree stands behind the file system, at the next multiple of this: see stages/verity.ts. */
const VERITY_ALIGNMENT: Bytes = 4096;

/** Never throws for what is wrong with the partition: that is in `faults`. */
export async function inspectPartition(
  partition: GptPartition,
  options: PartitionOptions,
): Promise<InspectedPartition> {
  const size = Math.max(0, partition.end - partition.start);
  const bare = { ...partition, typeName: partitionTypeName(partition.type), slot: options.slot, size };
  const nothing = { filesystem: null, verity: null, used: null, free: null, efi: null, faults: [] };
  const read: ReadAt = async (offset, length) => options.read(partition.start + offset, length);
  try {
    return await inspectContent(read, { ...bare, content: 'unknown', ...nothing }, { ...options, partition });
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { ...bare, content: 'damaged', ...nothing, faults: [error.message] };
  }
}

async function inspectContent(
  read: ReadAt,
  known: InspectedPartition,
  { partition, files, notes, budget }: PartitionOptions & { partition: GptPartition },
): Promise<InspectedPartition> {
  const { size } = known;
  const filesystem = await decodeFilesystem(read, size);
  if (filesystem === null) {
    const hashes = await decodeVerity(read, { offset: 0, room: size });
    if (hashes !== null) {
      const used = hashes.tree.end;
      return { ...known, content: 'hashes', verity: { ...hashes, fec: null }, used, free: size - used };
    }
    return (await isEmpty(read, size)) ? { ...known, content: 'empty', used: 0, free: size } : known;
  }
  const found = { ...known, content: 'filesystem' as const, filesystem };
  const { verity, faults } = await verityBehind(read, filesystem, size);
  const used = verity === null ? filesystem.used : verity.tree.end;
  const whole = { ...found, verity, used, free: used === null ? null : Math.max(0, size - used) };
  const searched = filesystem.type === 'vfat' ? await searchEfi(partition, filesystem, { files, budget }) : null;
  notes.push(...(searched?.notes ?? []).map(note => `${partitionLabel(known)}: ${note}`));
  return {
    ...whole,
    efi: searched?.binaries ?? null,
    faults: [...filesystem.faults, ...faults, ...(searched?.faults ?? [])],
  };
}

/** Computed from the file system's length, never searched for: what is found must be what the initrd opens. */
async function verityBehind(
  read: ReadAt,
  filesystem: Filesystem,
  room: Bytes,
): Promise<{ verity: InspectedVerity | null; faults: string[] }> {
  const { type, size } = filesystem;
  try {
    for (const offset of verityOffsets(filesystem)) {
      const verity = await decodeVerity(read, { offset, room });
      if (verity === null) continue;
      const covered = verity.dataBlocks * verity.dataBlockSize;
      const faults =
        covered === offset ? [] : [`verity covers ${covered} bytes, but the ${type} before it has ${size}`];
      return { verity: { ...verity, fec: await fecBehind(read, verity, room) }, faults };
    }
    return { verity: null, faults: [] };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { verity: null, faults: [error.message] };
  }
}

/** A file whose size is no multiple of its blocks is longer than the ext4 in it, by less than one of them. */
function verityOffsets({ type, size }: Filesystem): Bytes[] {
  const offset = Math.ceil(size / VERITY_ALIGNMENT) * VERITY_ALIGNMENT;
  return type === 'ext4' ? [offset, offset + VERITY_ALIGNMENT] : [offset];
}

/** FEC has no signature: parity of a file system is not all zeros, and nothing else is put behind a hash tree. */
async function fecBehind(read: ReadAt, { tree, dataBlockSize }: Verity, room: Bytes): Promise<InspectedVerity['fec']> {
  const length = Math.min(dataBlockSize, room - tree.end);
  const bytes = await read(tree.end, length);
  return bytes.some(byte => byte !== 0) ? { start: tree.end, end: null, roots: null } : null;
}

async function searchEfi(
  partition: GptPartition,
  { used }: Filesystem,
  { files, budget }: Pick<PartitionOptions, 'files' | 'budget'>,
): Promise<{ binaries: EfiBinary[] | null; faults: string[]; notes: string[] }> {
  const none = (why: string) => ({ binaries: null, faults: [], notes: [`not searched for EFI programs: ${why}`] });
  if (typeof files === 'string') return none(files);
  if (used === null || used > budget.copied) return none(`it holds more than ${roundSize(budget.copied)}`);
  budget.copied -= used;
  try {
    return await readEfiPrograms(await files.open(partition), files.scratch);
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { binaries: null, faults: [withoutName(error.message, partition.name)], notes: [] };
  }
}

/** Messages of those who read files begin with the partition, as the list of faults does. */
function withoutName(message: string, name: string): string {
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}
