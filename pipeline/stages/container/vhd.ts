import { writeVhd } from '../../disk/write.ts';
import type { DiskMap } from '../../formats/disk-map.ts';
import { seededGuid } from '../../formats/guid.ts';
import { VHD_FOOTER_BYTES, vhdSizeFault } from '../../formats/vhd.ts';
import { OptionFault, type BuildContext, type Facts, type ImageView } from '../stage.ts';
import { mapExtents } from './map.ts';
import { onlyOptions, onlySmallSectors, writeOptions, type ContainerOptions } from './options.ts';

export interface VhdPlan {
  format: 'vhd';
  uniqueId: string;
}

export function planVhd(options: ContainerOptions, image: ImageView): VhdPlan {
  onlyOptions(options, []);
  onlySmallSectors('vhd', image.layout);
  const fault = vhdSizeFault(image.layout.size);
  if (fault !== null) throw new OptionFault('format', fault.message, fault.hint);
  return { format: 'vhd', uniqueId: seededGuid(image.seed, 'vhd', 'disk') };
}

/** A fixed VHD, the one kind that Azure takes: the bytes of the disk, sparse, and a footer. */
export async function buildVhd(plan: VhdPlan, map: DiskMap, context: BuildContext): Promise<Facts> {
  const { uniqueId } = plan;
  await writeVhd(map, context.out, { uniqueId, epoch: context.epoch, ...writeOptions(context) });
  return { format: plan.format, size: map.size, extents: [...mapExtents(map), [map.size, VHD_FOOTER_BYTES]] };
}
