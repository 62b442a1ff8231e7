/** What the inodes of Unix file systems have in common: the mode of stat(2), names as bytes. */
import type { FileEntry } from './partition-files.ts';

/** An inode as a folder names it. */
export interface Inode extends Omit<FileEntry, 'path'> {
  name: string;
  /** What the reader of this file system calls it: an inode number, or a path. */
  id: string;
}

const TYPE_MASK = 0o170000;
const TYPES: Readonly<Record<number, FileEntry['type']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
};

/** st_mode of inode(7) -> type and permission bits. */
export function splitMode(mode: number): { type: FileEntry['type']; mode: number } {
  return { type: TYPES[mode & TYPE_MASK] ?? 'other', mode: mode & 0o7777 };
}

/** The length that FileEntry promises, of an inode whose size field says `size`. */
export function contentLength(type: FileEntry['type'], size: number): number {
  return type === 'file' || type === 'symlink' ? size : 0;
}

/** Bytes that were read as latin1, one character each -> the UTF-8 text they are; U+FFFD for what is none. */
export function decodeLatin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
