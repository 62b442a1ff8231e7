/** All files of an image, by its own bytes: what SBOM, verification and diff are made of. */
import type { Bytes } from './bytes.ts';
import type { Inspection } from './inspection.ts';

/** A file of a tree, with the digest of its content. */
export interface ContentFile {
  /** Absolute, from the root of the tree. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits with setuid, setgid, sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Of a regular file its length; 0 of anything else. */
  bytes: Bytes;
  /** Of a symbolic link, as it stands there. */
  target: string | null;
  /** SHA-256 of a regular file, hexadecimal; null of anything else. */
  sha256: string | null;
}

export interface ImageContents {
  inspection: Inspection;
  /** Of the first slot that has one. */
  root: RootContents | null;
  /** The kernel image that starts this root. */
  kernel: KernelContents | null;
  /** Each EFI program of each FAT partition, the kernel image too. */
  programs: { partition: string; path: string; bytes: Bytes; sha256: string }[];
}

export interface RootContents {
  /** GPT name. */
  partition: string;
  filesystem: string;
  /** Of its hash tree, hexadecimal; null without one. */
  rootHash: string | null;
  /** By path, in byte order. */
  files: ContentFile[];
}

export interface KernelContents {
  partition: string;
  path: string;
  /** What `uname -r` says; empty when the image does not tell. */
  release: string;
  /** Of each profile. */
  commandLines: { id: string; cmdline: string }[];
  sections: { name: string; bytes: Bytes; sha256: string }[];
  /** What the kernel unpacks, by path. */
  initrd: ContentFile[];
}

/** Order of files: by the bytes of their paths, as sort(1) in the C locale. */
export function byPath(a: Pick<ContentFile, 'path'>, b: Pick<ContentFile, 'path'>): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}
