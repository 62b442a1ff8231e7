/** What the stage and the file of each file system agree on. */
import type { Filesystem } from '../../config/types.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { BuildContext } from '../stage.ts';

export interface FilesystemPlan {
  content: string;
  type: Filesystem;
  label: string;
  seed: string;
  /** ext4, vfat: length of the file system. erofs, squashfs: what it may take at the most. */
  size: Bytes;
  /** Size of the partition, for messages. */
  partition: Bytes;
  sectorSize: Bytes;
  /** ext4: without journal, and no larger than its files need; `size` is the most it may take. */
  readOnly: boolean;
  /** As mkfs.erofs -z and mksquashfs -comp take it. */
  compression: string;
}

/** What a file system's own file tells the stage: its context, its UUID, and how to tell the tree. */
export type Build = (
  plan: FilesystemPlan & { uuid: string },
  context: BuildContext<'tree'>,
) => Promise<{ used: Bytes; extents: [Bytes, Bytes][] | null }>;
