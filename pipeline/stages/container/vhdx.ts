import { writeVhdx } from '../../disk/write.ts';
import { formatSize, parseSize, type Bytes } from '../../formats/bytes.ts';
import type { DiskMap } from '../../formats/disk-map.ts';
import { seededGuid } from '../../formats/guid.ts';
import { OptionFault, type BuildContext, type Facts, type ImageView } from '../stage.ts';
import { onlyOptions, subformatOf, writeOptions, type ContainerOptions } from './options.ts';

export interface VhdxPlan {
  format: 'vhdx';
  fixed: boolean;
  blockSize: Bytes;
  fileWriteGuid: string;
  dataWriteGuid: string;
  diskId: string;
}

export function planVhdx(options: ContainerOptions, image: ImageView): VhdxPlan {
  onlyOptions(options, ['subformat', 'blockSize']);
  const blockSize = parseSize(options.blockSize ?? '1 MiB') ?? 0;
  if (blockSize < 2 ** 20 || blockSize > 2 ** 28 || !Number.isInteger(Math.log2(blockSize)))
    throw new OptionFault(
      'blockSize',
      `${formatSize(blockSize)} is no VHDX block size`,
      'a power of two from "1 MiB" to "256 MiB" ([MS-VHDX] 2.6.2.1)',
    );
  const guid = (name: string): string => seededGuid(image.seed, 'vhdx', name);
  return {
    format: 'vhdx',
    fixed: subformatOf(options, ['dynamic', 'fixed']) === 'fixed',
    blockSize,
    fileWriteGuid: guid('file write'),
    dataWriteGuid: guid('data write'),
    diskId: guid('virtual disk'),
  };
}

/** Written once, straight from the artifacts. */
export async function buildVhdx(plan: VhdxPlan, map: DiskMap, context: BuildContext): Promise<Facts> {
  await writeVhdx(map, context.out, { ...plan, creator: 'Caisson', ...writeOptions(context) });
  return { format: plan.format, size: map.size };
}
