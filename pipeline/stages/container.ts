/** container: the disk as a file for a hypervisor. What each format is made of stands in a file of container/. */
import { SIZE_PATTERN, type Bytes } from '../formats/bytes.ts';
import type { DiskMap } from '../formats/disk-map.ts';
import { diskMap } from './container/map.ts';
import { CONTAINER_FORMATS, type ContainerOptions } from './container/options.ts';
import { buildQcow2, planQcow2, type Qcow2Plan } from './container/qcow2.ts';
import { buildRaw, planRaw, type RawPlan } from './container/raw.ts';
import { buildVhd, planVhd, type VhdPlan } from './container/vhd.ts';
import { buildVhdx, planVhdx, type VhdxPlan } from './container/vhdx.ts';
import { buildVmdk, planVmdk, type VmdkPlan } from './container/vmdk.ts';
import type { Artifact, BuildContext, Facts, ImageView, Stage } from './stage.ts';

export { CONTAINER_FORMATS };

type FormatPlan = VhdxPlan | RawPlan | VhdPlan | Qcow2Plan | VmdkPlan;
type Resolved = FormatPlan & { file: string };

export const container: Stage<ContainerOptions, Resolved, 'disk'> = {
  name: 'container',
  version: 1,
  summary: 'the disk as a file for a hypervisor, in the output folder',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['format'],
    properties: {
      format: {
        enum: [...CONTAINER_FORMATS],
        description:
          'vhdx for Hyper-V; raw: the bytes of the disk, sparse; vhd: fixed, for Azure; qcow2 for KVM; vmdk for VMware and VirtualBox.',
      },
      subformat: {
        enum: ['dynamic', 'fixed', 'streamOptimized', 'monolithicSparse'],
        description:
          'VHDX: dynamic, only blocks that hold data; fixed, all of them. VMDK: streamOptimized, compressed, which vSphere imports and an OVA holds, but no machine can write to; monolithicSparse, which VMware Workstation, Fusion and VirtualBox run as it is.',
        'x-default': 'vhdx: dynamic; vmdk: streamOptimized',
      },
      blockSize: {
        type: 'string',
        pattern: SIZE_PATTERN,
        description: 'VHDX only: 1 MiB to 256 MiB, a power of two.',
        default: '1 MiB',
      },
      compression: {
        enum: ['none', 'zlib', 'zstd'],
        description:
          'qcow2 only. zlib: read everywhere, slow to make; zstd: as small, ten times as fast, needs QEMU 5.1. What a machine writes later is not compressed.',
        default: 'none',
      },
    },
  },
  inputs: { disk: 'required' },
  tools: [],
  publishes: resolved => resolved.file,
  // Those that qemu-img makes come from a raw disk on the way.
  room: ({ format }, { disk }) => (['qcow2', 'vmdk'].includes(format) ? 2 : 1) * usedBytes(disk),
  resolve: (options, image) => ({ file: `${image.name}.${options.format}`, ...planOf(options, image) }),

  async build(resolved, context) {
    if (context.inputs.disk === undefined) throw new Error('no input disk');
    return write(resolved, await diskMap(context.inputs.disk), context);
  },
};

/** What the partitions hold, and some for what is around them. */
function usedBytes(disk: Artifact | undefined): Bytes {
  const partitions = (disk?.facts.partitions ?? []) as { used: Bytes }[];
  return partitions.reduce((sum, each) => sum + each.used, 8 * 2 ** 20);
}

function planOf(options: ContainerOptions, image: ImageView): FormatPlan {
  switch (options.format) {
    case 'vhdx':
      return planVhdx(options, image);
    case 'raw':
      return planRaw(options);
    case 'vhd':
      return planVhd(options, image);
    case 'qcow2':
      return planQcow2(options);
    case 'vmdk':
      return planVmdk(options, image);
  }
}

async function write(resolved: Resolved, map: DiskMap, context: BuildContext): Promise<Facts> {
  switch (resolved.format) {
    case 'vhdx':
      return buildVhdx(resolved, map, context);
    case 'raw':
      return buildRaw(resolved, map, context);
    case 'vhd':
      return buildVhd(resolved, map, context);
    case 'qcow2':
      return buildQcow2(resolved, map, context);
    case 'vmdk':
      return buildVmdk(resolved, map, context);
  }
}
