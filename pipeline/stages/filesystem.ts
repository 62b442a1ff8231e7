/**
 * filesystem: the file system that the layout declares for a content, filled from a tree, or empty. Made straight
 * from the tar, without root, mounts or loop devices; its UUID is a function of seed and content.
 */
import { stat } from 'node:fs/promises';
import { parseSize, SIZE_PATTERN, type Bytes } from '../formats/bytes.ts';
import { seededGuid } from '../formats/guid.ts';
import type { Filesystem } from '../config/types.ts';
import type { Build, FilesystemPlan } from './filesystem/build.ts';
import { buildErofs } from './filesystem/erofs.ts';
import { buildExt4 } from './filesystem/ext4.ts';
import { buildSquashfs } from './filesystem/squashfs.ts';
import { buildVfat } from './filesystem/vfat.ts';
import { partitionOf } from './partition.ts';
import { OptionFault, type Stage } from './stage.ts';

interface Options {
  content: string;
  compression?: string;
  size?: string;
  readOnly?: boolean;
}

const BUILDERS: Readonly<Record<Exclude<Filesystem, 'none'>, Build>> = {
  erofs: buildErofs,
  ext4: buildExt4,
  squashfs: buildSquashfs,
  vfat: buildVfat,
};

export const filesystem: Stage<Options, FilesystemPlan, 'tree'> = {
  name: 'filesystem',
  version: 3,
  summary: 'the file system that the layout declares for a content',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['content'],
    properties: {
      content: {
        type: 'string',
        description: 'Content of the layout that this file system is for; its partition gives type, label and size.',
      },
      compression: {
        type: 'string',
        pattern: '^[a-z0-9]+(,[a-z0-9=]+)*$',
        description: 'erofs: as mkfs.erofs -z takes it. squashfs: only the compressor counts.',
        default: 'zstd,3',
        examples: ['lz4hc,9'],
      },
      size: {
        type: 'string',
        pattern: SIZE_PATTERN,
        description: 'ext4, vfat: length, when less than the partition (room for a hash tree).',
        'x-default': 'as long as its partition',
      },
      readOnly: {
        type: 'boolean',
        description:
          'ext4: nothing will write to it, e.g. below verity. No journal, and as small as its files allow; `size` is then the most it may take.',
        default: false,
      },
    },
  },
  inputs: { tree: 'optional' },
  tools: ['erofs-utils', 'e2fsprogs', 'libarchive13t64', 'squashfs-tools', 'dosfstools', 'mtools', 'qemu-utils'],
  publishes: () => null,

  resolve(options, image) {
    const partition = partitionOf(image.layout, options.content);
    if (options.readOnly === true && partition.filesystem !== 'ext4')
      throw new OptionFault(
        'readOnly',
        `is for ext4, and ${partition.name} has ${partition.filesystem}`,
        partition.filesystem === 'vfat' ? 'write `mountFlags: [ro]` in the layout' : 'leave it out: it is so by itself',
      );
    return {
      content: options.content,
      type: partition.filesystem,
      label: partition.label,
      seed: image.seed,
      size: options.size === undefined ? partition.size : Math.min(bytesOf(options.size), partition.size),
      partition: partition.size,
      sectorSize: image.layout.sectorSize,
      readOnly: options.readOnly ?? false,
      compression: options.compression ?? 'zstd,3',
    };
  },

  async build(plan, context) {
    if (plan.type === 'none') throw new Error('content without file system was not refused by resolve');
    const uuid = seededGuid(plan.seed, 'filesystem', plan.content, context.inputs.tree?.sha256 ?? 'empty');
    const { used, extents } = await BUILDERS[plan.type]({ ...plan, uuid }, context);
    const { size } = await stat(context.out);
    const readOnly = plan.readOnly || plan.type === 'erofs' || plan.type === 'squashfs';
    return { filesystem: plan.type, uuid, label: plan.label, readOnly, used, extents: extents ?? [[0, size]] };
  },
};

function bytesOf(size: string): Bytes {
  const bytes = parseSize(size);
  if (bytes === null)
    throw new OptionFault('size', `"${size}" is not a whole number of bytes`, 'write it in a smaller unit');
  return bytes;
}
