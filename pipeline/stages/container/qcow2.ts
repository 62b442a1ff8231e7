import type { DiskMap } from '../../formats/disk-map.ts';
import type { BuildContext, Facts } from '../stage.ts';
import { onlyOptions, QEMU_TOOLS, type ContainerOptions } from './options.ts';
import { convertByQemu } from './qemu.ts';

export interface Qcow2Plan {
  format: 'qcow2';
  compression: 'none' | 'zlib' | 'zstd';
  tools: readonly string[];
}

export function planQcow2(options: ContainerOptions): Qcow2Plan {
  onlyOptions(options, ['compression']);
  return { format: 'qcow2', compression: options.compression ?? 'none', tools: QEMU_TOOLS };
}

/** A qcow2 holds neither a random number nor a time: equal disks give equal bytes. */
export async function buildQcow2(
  plan: Qcow2Plan & { file: string },
  map: DiskMap,
  context: BuildContext,
): Promise<Facts> {
  const { format, file, compression } = plan;
  const compressed = compression === 'none' ? [] : ['-c', '-o', `compression_type=${compression}`];
  await convertByQemu(map, context, { file, args: ['-O', format, '-o', 'compat=1.1', ...compressed] });
  return { format, size: map.size };
}
