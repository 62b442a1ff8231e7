/** What the bytes of an image and of its copies say, to be compared with the running machine. */
import { inspectImage } from '../../disk/inspect.ts';
import type { FileAccess } from '../../disk/inspect/partition.ts';
import { predictedPcrs } from '../../disk/predicted-pcrs.ts';
import { withImage, type DiskImage } from '../../disk/read.ts';
import type { Firmware } from '../../engine/machine/firmware.ts';
import type { Inspection } from '../../formats/inspection.ts';
import { decodeGpt } from '../../formats/gpt-read.ts';
import type { PredictedPcrs } from '../../formats/predicted-pcrs.ts';
import { firmwareState } from '../machine/firmware-state.ts';
import { openPartitionFiles } from '../image/partition-files.ts';
import type { ToolsOptions } from './ask-tool.ts';

/** Root hashes by slot, by the kernel command lines in the boot partitions of the file. */
export async function rootHashesOf(file: string, options: ToolsOptions): Promise<Record<string, string>> {
  return withImage(file, async image => rootHashes(await inspectImage(image, accessTo(image, file, options))));
}

/** Of slot A; null for firmware whose keys are not known. */
export async function predictedPcrsOf(
  file: string,
  firmware: Firmware,
  options: ToolsOptions,
): Promise<PredictedPcrs | null> {
  const state = await firmwareState(firmware);
  if (state === null) return null;
  return withImage(file, async image =>
    predictedPcrs(image, { files: accessTo(image, file, options), firmware: state, slot: 'A' }),
  );
}

/** The files of its boot partitions; `file` is the host path of the image. */
export function accessTo(
  image: DiskImage,
  file: string,
  { tools, environment, scratch, signal }: ToolsOptions,
): FileAccess {
  return {
    scratch,
    open: async partition =>
      openPartitionFiles(image, partition, { file, filesystem: 'vfat', tools, environment, scratch, signal }),
  };
}

/** Profiles that name their slot count; one of `auto` stands for what has no profile of its own. */
export function rootHashes({ partitions }: Inspection): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { efi, slot } of partitions)
    for (const { program } of efi ?? [])
      for (const { cmdline, root } of program?.profiles ?? []) {
        const named = /(?:^|\s)caisson\.slot=(\S+)/.exec(cmdline ?? '')?.[1];
        const own = named === undefined || named === 'auto' ? (slot ?? 'only') : named;
        // A Boot partition starts the profile of its own slot; those of the other stay unused.
        if (root !== null && (slot === null || slot === own)) found[own] ??= root.hash;
      }
  return found;
}

/** GUID and size of a disk. */
export async function diskOf(file: string): Promise<{ guid: string; bytes: number }> {
  return withImage(file, async ({ read, size, sectorSize }) => {
    const { diskGuid } = await decodeGpt(read, size, sectorSize);
    return { guid: diskGuid.toLowerCase(), bytes: size };
  });
}
