import { writeRaw } from '../../disk/write.ts';
import type { DiskMap } from '../../formats/disk-map.ts';
import type { BuildContext, Facts } from '../stage.ts';
import { mapExtents } from './map.ts';
import { onlyOptions, writeOptions, type ContainerOptions } from './options.ts';

export interface RawPlan {
  format: 'raw';
}

export function planRaw(options: ContainerOptions): RawPlan {
  onlyOptions(options, []);
  return { format: 'raw' };
}

/** The bytes of the disk; what holds only zeros is left a hole. */
export async function buildRaw(plan: RawPlan, map: DiskMap, context: BuildContext): Promise<Facts> {
  await writeRaw(map, context.out, writeOptions(context));
  return { format: plan.format, size: map.size, extents: mapExtents(map) };
}
