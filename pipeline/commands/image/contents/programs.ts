/** FAT partitions as inspection reads them, with the digest of every program that it looks at. */
import type { FileAccess } from '../../../disk/inspect/partition.ts';
import type { DiskImage } from '../../../disk/read.ts';
import { digestFile } from '../../../engine/digest.ts';
import type { ImageContents } from '../../../formats/image-contents.ts';
import { partitionLabel } from '../../../formats/inspection.ts';
import type { PartitionFiles } from '../../../formats/partition-files.ts';
import { openPartitionFiles, type PartitionOptions } from '../partition-files.ts';

export type ContentsOptions = Omit<PartitionOptions, 'filesystem'>;

export interface RecordingAccess extends FileAccess {
  programs: ImageContents['programs'];
  /** By number of the partition. */
  opened: Map<number, PartitionFiles>;
}

export function recordingAccess(image: DiskImage, options: ContentsOptions): RecordingAccess {
  const programs: ImageContents['programs'] = [];
  const opened = new Map<number, PartitionFiles>();
  return {
    scratch: options.scratch,
    programs,
    opened,
    open: async partition => {
      const files = await openPartitionFiles(image, partition, { ...options, filesystem: 'vfat' });
      opened.set(partition.number, files);
      return {
        list: async path => files.list(path),
        extract: async (path, target) => {
          await files.extract(path, target);
          const digest = await digestFile(target, options.signal);
          programs.push({ partition: partitionLabel(partition), path, ...digest });
        },
      };
    },
  };
}
