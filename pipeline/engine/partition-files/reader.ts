/** What each file system's own reader offers; ../partition-files.ts makes paths, links and order of it. */
import type { Inode } from '../../formats/inode.ts';
import type { Unpacking, Volume } from './volume.ts';
import type { Programs } from './programs.ts';

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

export type OpenReader = (volume: Volume, programs: Programs) => Promise<Reader>;
