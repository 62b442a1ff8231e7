import { open } from 'node:fs/promises';
import type { DiskMap } from '../../formats/disk-map.ts';
import { seededGuid } from '../../formats/guid.ts';
import { VMDK_HEADER_BYTES, vmdkDescriptorPlace, withVmdkContentId } from '../../formats/vmdk.ts';
import type { BuildContext, Facts, ImageView } from '../stage.ts';
import { onlyOptions, onlySmallSectors, QEMU_TOOLS, subformatOf, type ContainerOptions } from './options.ts';
import { convertByQemu } from './qemu.ts';

export interface VmdkPlan {
  format: 'vmdk';
  subformat: 'streamOptimized' | 'monolithicSparse';
  /** Eight hexadecimal digits. */
  contentId: string;
  tools: readonly string[];
}

export function planVmdk(options: ContainerOptions, image: ImageView): VmdkPlan {
  onlyOptions(options, ['subformat']);
  onlySmallSectors('vmdk', image.layout);
  const contentId = seededGuid(image.seed, 'vmdk', 'content').slice(0, 8);
  return {
    format: 'vmdk',
    subformat: subformatOf(options, ['streamOptimized', 'monolithicSparse']),
    // All ones means "no parent".
    contentId: contentId === 'ffffffff' ? 'fffffffe' : contentId,
    tools: QEMU_TOOLS,
  };
}

/** The adapter is lsilogic, SCSI, as importers of VMware's expect it; qemu-img would say ide. */
export async function buildVmdk(
  plan: VmdkPlan & { file: string },
  map: DiskMap,
  context: BuildContext,
): Promise<Facts> {
  const { format, subformat, file } = plan;
  const args = ['-O', format, '-o', `subformat=${subformat},adapter_type=lsilogic,compat6`];
  await convertByQemu(map, context, { file, args });
  await setContentId(context.out, plan.contentId);
  return { format, size: map.size };
}

/** qemu-img draws the content id at random; nothing else of the file differs between two of its runs. */
async function setContentId(file: string, contentId: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const header = Buffer.alloc(VMDK_HEADER_BYTES);
    await handle.read(header, 0, header.length, 0);
    const { start, length } = vmdkDescriptorPlace(header);
    const descriptor = Buffer.alloc(length);
    await handle.read(descriptor, 0, length, start);
    await handle.write(withVmdkContentId(descriptor, contentId), 0, length, start);
  } finally {
    await handle.close();
  }
}
