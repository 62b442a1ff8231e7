/** PCRs that build.json tells before any machine shows them. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Project } from '../../config/project.ts';
import { kernelPcrs, predictedPcrs } from '../../disk/predicted-pcrs.ts';
import type { FileAccess } from '../../disk/inspect/partition.ts';
import { withImage } from '../../disk/read.ts';
import { makeScratch } from '../../engine/cache.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { FirmwareState } from '../../formats/measured-boot.ts';
import { pcrValues, type PcrValues } from '../../formats/predicted-pcrs.ts';
import type { CommandContext } from '../context.ts';
import { firmwareOf } from '../machine/firmware-keys.ts';
import { firmwareState } from '../machine/firmware-state.ts';
import { openPartitionFiles } from '../image/partition-files.ts';

export interface BuildPcrsOptions {
  /** Null: of none, or of one whose keys are not known. */
  firmware: FirmwareState | null;
  /** Host path of the tools tree. */
  tools: string;
  /** Host paths of what was made for the output folder. */
  files: readonly string[];
}

/** Of the firmware that the definition names; null where it names none. Throws UsageFault for a folder of keys that is none. */
export async function namedFirmware({
  image,
  folder,
}: Pick<Project, 'image' | 'folder'>): Promise<FirmwareState | null> {
  const named = image.signing?.firmware ?? '';
  return firmwareState(await firmwareOf(named === '' ? null : path.resolve(folder, named)));
}

/** Of slot A; null for an image of which no file is a disk that is read here, or whose kernel cannot be read. */
export async function buildPcrs(
  context: CommandContext,
  { firmware, tools, files }: BuildPcrsOptions,
): Promise<PcrValues | null> {
  const file = files.find(each => /\.(vhdx|vhd|raw|img)$/.test(each));
  if (file === undefined) return null;
  const { environment, signal } = context;
  const scratch = await makeScratch(environment, 'pcrs');
  try {
    return await withImage(file, async image => {
      const options = { file, filesystem: 'vfat', tools, environment, scratch, signal } as const;
      const access: FileAccess = { scratch, open: async each => openPartitionFiles(image, each, options) };
      const [warned, whole] = [warning(context), { files: access, slot: 'A' } as const];
      const predicted = firmware === null ? null : await predictedPcrs(image, { ...whole, firmware }).catch(warned);
      if (predicted !== null) return pcrValues(predicted);
      const pcr11 = await kernelPcrs(image, whole).catch(warned);
      return pcr11 === null ? null : pcrValues({ pcr11 });
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The image is made all the same; another firmware may start it. */
function warning({ emit }: CommandContext): (error: unknown) => null {
  return error => {
    if (!(error instanceof FormatFault)) throw error;
    emit({ type: 'warning', message: `PCRs are missing in build.json: ${error.message}`, hint: error.hint });
    return null;
  };
}
