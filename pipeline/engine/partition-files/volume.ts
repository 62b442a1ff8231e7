/** A partition with files, and a program that unpacks one. */
import type { Bytes } from '../../formats/bytes.ts';
import type { ReadAt } from '../../formats/read-at.ts';

/** A partition as its readers see it. */
export interface Volume {
  /** For messages. */
  name: string;
  filesystem: 'erofs' | 'ext4' | 'vfat' | 'squashfs';
  /** Reads the partition, by its own offsets. */
  read: ReadAt;
  /** A host file in which the partition stands in one piece from `offset` on; made when first asked for. */
  linear(): Promise<{ file: string; offset: Bytes }>;
}

/** A program that unpacks a whole partition. */
export interface Unpacking {
  /** `folder` is empty, and as the program sees it. */
  argv(image: string, offset: Bytes, folder: string): readonly string[];
  /** Exit codes for all is there; what came out is counted and measured anyway. */
  ends: readonly number[];
}
