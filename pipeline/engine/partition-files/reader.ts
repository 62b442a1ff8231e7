/** What each file system's own reader offers; ../partition-files.ts makes paths, links and order of it. */
import type { Bytes } from '../../formats/bytes.ts';
import type { Inode } from '../../formats/inode.ts';
import type { ReadAt } from '../../formats/read-at.ts';
import type { Programs } from './programs.ts';

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

export interface Reader {
  /** Id of the root folder. */
  root: string;
  /** True where names that differ in case alone are one name. */
  caseless: boolean;
  /** What each of these folders holds, in any order. */
  children(folders: readonly string[]): Promise<Inode[][]>;
  /** Writes the bytes of a regular file to the host path `target`. */
  extract(file: Inode, target: string): Promise<void>;
  /** Writes all of it into a folder, owners and times aside; null where no program of ours does. */
  unpack: Unpacking | null;
}

/** A program that unpacks a whole partition. */
export interface Unpacking {
  /** `folder` is empty, and as the program sees it. */
  argv(image: string, offset: Bytes, folder: string): readonly string[];
  /** Exit codes for all is there; what came out is counted and measured anyway. */
  ends: readonly number[];
}

export type OpenReader = (volume: Volume, programs: Programs) => Promise<Reader>;
