/** PCRs 4, 7 and 11 of a machine that will boot an image, computed from the image's files. */
import { measuredDigest, readSignatures } from '../formats/authenticode.ts';
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { decodeFilesystem } from '../formats/filesystem/decode.ts';
import { decodeGpt } from '../formats/gpt-read.ts';
import type { GptPartition } from '../formats/gpt.ts';
import { type BootProgram, type FirmwareState, measuredPolicy, measuredPrograms } from '../formats/measured-boot.ts';
import type { FileEntry, PartitionFiles } from '../formats/partition-files.ts';
import { measuredProfiles } from '../formats/pcr.ts';
import { predictedPcr, type PredictedPcrs } from '../formats/predicted-pcrs.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { shimSbatLevel } from '../formats/shim.ts';
import { decodeEfiProgram } from '../formats/uki.ts';
import { withEfiFile } from './inspect/efi-file.ts';
import type { FileAccess } from './inspect/partition.ts';
import type { DiskImage } from './read.ts';

export interface PredictionOptions {
  files: FileAccess;
  firmware: FirmwareState;
  /** Whose kernel is started: on the partition whose name ends so, else on the first that has one. */
  slot: 'A' | 'B';
}

const SHIM = '/EFI/BOOT/BOOTX64.EFI';
const GRUB = '/EFI/BOOT/grubx64.efi';
const UKI = '/EFI/caisson/slot.efi';

/**
 * For Secure Boot on with the keys of `firmware`, this disk first in the boot order, and no variables of shim's own
 * from other systems. Files are read by the MiB. Throws FormatFault when a program is missing, or when firmware would
 * not start one.
 */
export async function predictedPcrs(
  image: DiskImage,
  { files, firmware, slot }: PredictionOptions,
): Promise<PredictedPcrs> {
  const partitions = await fatPartitions(image);
  const read = async <T>({ file, from }: FoundFile, use: Use<T>): Promise<T & BootProgram> =>
    withEfiFile(from, file, { scratch: files.scratch, use: async (...place) => programOf(file.path, { place, use }) });
  const shim = await read(await firstWith(SHIM, partitions, files), async (...place) => ({
    sbatLevel: await shimSbatLevel(...place),
  }));
  const grub = await read(await firstWith(GRUB, partitions, files), async () => ({}));
  const uki = await read(await firstWith(UKI, bySlot(partitions, slot), files), readProfiles);
  const chain = { shim, grub, uki, sbatLevel: shim.sbatLevel };
  return {
    pcr4: predictedPcr(measuredPrograms(chain)),
    pcr7: predictedPcr(measuredPolicy(chain, firmware)),
    pcr11: uki.profiles,
  };
}

/** PCR 11 alone, whatever the firmware: one a profile of the slot's UKI; empty for an image without one. */
export async function kernelPcrs(
  image: DiskImage,
  { files, slot }: Omit<PredictionOptions, 'firmware'>,
): Promise<PredictedPcrs['pcr11']> {
  for (const partition of bySlot(await fatPartitions(image), slot)) {
    const from = await files.open(partition);
    const file = await findFile(from, UKI);
    if (file !== null) return (await withEfiFile(from, file, { scratch: files.scratch, use: readProfiles })).profiles;
  }
  return [];
}

function bySlot(partitions: readonly GptPartition[], slot: string): GptPartition[] {
  return partitions.toSorted((a, b) => Number(b.name.endsWith(slot)) - Number(a.name.endsWith(slot)));
}

async function fatPartitions({ read, size, sectorSize }: DiskImage): Promise<GptPartition[]> {
  const found: GptPartition[] = [];
  for (const partition of (await decodeGpt(read, size, sectorSize)).partitions) {
    const { start, end } = partition;
    const inside: ReadAt = async (offset, length) => read(start + offset, length);
    const filesystem = await decodeFilesystem(inside, end - start).catch((error: unknown) => {
      if (error instanceof FormatFault) return null;
      throw error;
    });
    if (filesystem?.type === 'vfat') found.push(partition);
  }
  return found;
}

interface FoundFile {
  file: FileEntry;
  from: PartitionFiles;
}

/** As firmware does: the first partition that has it. */
async function firstWith(path: string, partitions: readonly GptPartition[], files: FileAccess): Promise<FoundFile> {
  for (const partition of partitions) {
    const from = await files.open(partition);
    const file = await findFile(from, path);
    if (file !== null) return { file, from };
  }
  throw new FormatFault(`no partition has ${path}, which the boot needs`, 'build the image again');
}

/** FAT knows no case. */
async function findFile(files: PartitionFiles, path: string): Promise<FileEntry | null> {
  let entry: FileEntry | null = null;
  for (const name of path.split('/').slice(1)) {
    const children: FileEntry[] = await files.list(entry?.path ?? '/');
    const wanted: string = `${entry?.path ?? ''}/${name}`.toLowerCase();
    entry = children.find(each => each.path.toLowerCase() === wanted) ?? null;
    if (entry === null) return null;
  }
  return entry?.type === 'file' ? entry : null;
}

type Use<T> = (read: ReadAt, size: Bytes) => Promise<T>;

async function programOf<T>(
  name: string,
  { place, use }: { place: Parameters<Use<T>>; use: Use<T> },
): Promise<T & BootProgram> {
  const [digest, signatures] = [await measuredDigest(...place), await readSignatures(...place)];
  return { ...(await use(...place)), name, digest, signatures };
}

async function readProfiles(read: ReadAt, size: Bytes): Promise<{ profiles: PredictedPcrs['pcr11'] }> {
  const { profiles, sections } = await decodeEfiProgram(read, size);
  const measured = await measuredProfiles(read, sections);
  return {
    profiles: profiles.map(({ index, id }, at) => ({ profile: index, id, ...predictedPcr(measured[at] ?? []) })),
  };
}
