/** Files of a file system as values, whatever program reads them. */
import type { Bytes } from './bytes.ts';
import type { ContentFile } from './image-contents.ts';

export interface FileEntry {
  /** From the root of the partition: `/etc/os-release`. Bytes that are no UTF-8 are U+FFFD. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits with setuid, setgid, sticky; null where the file system has none (vfat). */
  mode: number | null;
  uid: number | null;
  gid: number | null;
  /** Of a regular file its length, of a symbolic link that of its target; 0 of anything else. */
  bytes: Bytes;
  /** Seconds since 1970, of vfat as if its clock was UTC; null where none is kept. */
  modified: number | null;
  /** Of a symbolic link, as it stands there. */
  target: string | null;
}

/** The files of one partition, read without mounting it. */
export interface PartitionFiles {
  /** A folder's children, sorted by name in byte order; of anything else the entry itself. */
  list(path: string): Promise<FileEntry[]>;
  /** Writes a regular file's bytes to the host path `target`. */
  extract(path: string, target: string): Promise<void>;
}

export interface PartitionTree extends PartitionFiles {
  /** All that is below a folder, each folder before what it holds; of anything else the entry itself. */
  walk(path: string): Promise<FileEntry[]>;
  /** All files with their digests, by path; not of vfat. Needs room for all of them meanwhile: small ones' in memory, else in scratch. */
  contents(): Promise<ContentFile[]>;
}
