/**
 * A file system tree as a value: absolute path -> node. Paths of a hard link share one node object, so a change of
 * mode or owner reaches all of them, as it does in a file system.
 */
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { globMatcher } from '../formats/glob.ts';

/**
 * Where a file's bytes are: inside another file (a tar, a file of the project) or in memory. `sha256`: what they must
 * still have when they are written, where others could change them meanwhile.
 */
export type Content = FilePart | (FilePart & { sha256: string }) | { data: Buffer };

interface FilePart {
  file: string;
  offset: Bytes;
  bytes: Bytes;
}

export interface TreeNode {
  type: 'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo';
  /** Permission bits with setuid, setgid and sticky, e.g. 0o4755. */
  mode: number;
  uid: number;
  gid: number;
  /** Symlinks only. */
  target: string;
  /** Files only. */
  content: Content | null;
  /** Extended attributes: name -> value as pax carries it. */
  xattrs: Readonly<Record<string, string>>;
  device: { major: number; minor: number } | null;
}

export type Tree = Map<string, TreeNode>;

const PLAIN = { uid: 0, gid: 0, target: '', content: null, xattrs: {}, device: null } as const;

export function directory(mode = 0o755): TreeNode {
  return { ...PLAIN, type: 'directory', mode };
}

export function symlink(target: string): TreeNode {
  return { ...PLAIN, type: 'symlink', mode: 0o777, target };
}

export function textFile(text: string, mode = 0o644): TreeNode {
  return { ...PLAIN, type: 'file', mode, content: { data: Buffer.from(text) } };
}

export function hostFile(file: string, bytes: Bytes, mode = 0o644): TreeNode {
  return { ...PLAIN, type: 'file', mode, content: { file, offset: 0, bytes } };
}

/** For a file of the project whose digest went into the key: other bytes must not be stored under that key. */
export function changedFault(file: string): FormatFault {
  return new FormatFault(`${file} was changed during the build`, 'build again');
}

export function contentBytes(node: TreeNode): Bytes {
  if (node.content === null) return 0;
  return 'data' in node.content ? node.content.data.length : node.content.bytes;
}

/**
 * Puts a node at an absolute path, through symlinks of the tree's directories (`/bin/x` lands in `/usr/bin/x`), and
 * makes the directories above it. A directory that exists, be it by a symlink (an overlay's `/lib`), keeps its content
 * and takes the node's mode and owner.
 */
export function place(tree: Tree, path: string, node: TreeNode): void {
  const existing = node.type === 'directory' ? lookup(tree, path) : null;
  const real = existing?.node.type === 'directory' ? existing.path : realParent(tree, path);
  if (real !== '/') ensureDirectory(tree, parentOf(real));
  const before = tree.get(real);
  if (node.type !== 'directory' && before?.type === 'directory') removeBelow(tree, real);
  tree.set(real, node);
}

/** Makes a directory and those above it where there is none; leaves existing ones as they are. */
export function ensureDirectory(tree: Tree, path: string): void {
  if (path === '/' || tree.get(path)?.type === 'directory') return;
  ensureDirectory(tree, parentOf(path));
  tree.set(path, directory());
}

/** Takes away everything a glob matches, with what lies below; returns how many paths went. `*` stops at `/`, `**` does not. */
export function remove(tree: Tree, glob: string): number {
  const isMatch = globPattern(glob);
  let count = 0;
  for (const path of tree.keys()) {
    if (!tree.has(path) || !isMatch(path)) continue;
    count += 1 + removeBelow(tree, path);
    tree.delete(path);
  }
  return count;
}

/** Paths that a glob matches, sorted. */
export function matches(tree: Tree, glob: string): string[] {
  const isMatch = globPattern(glob);
  return [...tree.keys()].filter(path => isMatch(path)).sort();
}

/** Follows symlinks inside the tree; null when the path ends nowhere or in a circle (40 links, as Linux). */
export function lookup(tree: Tree, path: string): { path: string; node: TreeNode } | null {
  let current = path;
  for (let hops = 0; hops < 40; hops++) {
    current = realParent(tree, current);
    const node = tree.get(current);
    if (node === undefined) return null;
    if (node.type !== 'symlink') return { path: current, node };
    current = join(parentOf(current), node.target);
  }
  return null;
}

/** True for a file that has content to read. */
export function readable(node: TreeNode): boolean {
  return node.type === 'file' && node.content !== null;
}

export function parentOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '/' : path.slice(0, cut);
}

/** Compares by path component, so that what lies below a directory follows it directly. */
export function byComponent(a: string, b: string): number {
  const left = a.replaceAll('/', '\0');
  const right = b.replaceAll('/', '\0');
  return left < right ? -1 : left > right ? 1 : 0;
}

function removeBelow(tree: Tree, path: string): number {
  let count = 0;
  for (const other of tree.keys()) {
    if (other.startsWith(`${path}/`)) {
      tree.delete(other);
      count++;
    }
  }
  return count;
}

/** The path with every symlink above its last component followed. */
function realParent(tree: Tree, path: string): string {
  let real = '';
  const parts = path.split('/').filter(part => part !== '');
  const last = parts.pop();
  let hops = 0;
  while (parts.length > 0) {
    const next = join(real === '' ? '/' : real, parts.shift() ?? '');
    const node = tree.get(next);
    if (node?.type === 'symlink' && hops++ < 40) {
      parts.unshift(
        ...join(parentOf(next), node.target)
          .split('/')
          .filter(part => part !== ''),
      );
      real = '';
    } else {
      real = next;
    }
  }
  return last === undefined ? '/' : `${real === '/' ? '' : real}/${last}`;
}

/** POSIX join of an absolute base with a target; `..` stops at the root, so a link cannot leave the tree. */
function join(base: string, target: string): string {
  const parts: string[] = [];
  for (const part of (target.startsWith('/') ? target : `${base}/${target}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function globPattern(glob: string): (path: string) => boolean {
  return globMatcher(glob.replace(/\/+$/, ''), { skipsFolders: false });
}
