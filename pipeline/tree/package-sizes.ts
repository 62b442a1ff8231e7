/** How much of a root each of its packages takes: by the files that are there in the end, not by what the archive says. */
import type { Bytes } from '../formats/bytes.ts';
import { readContent } from './tar.ts';
import { contentBytes, type Tree, type TreeNode } from './tree.ts';

export interface PackageSizes {
  /** The largest first. A package all of whose files are gone is not among them. */
  packageSizes: { name: string; bytes: Bytes; files: number }[];
  /** What no package brought: overlays, generated files, what maintainer scripts made. */
  otherFiles: { bytes: Bytes; files: number };
}

/** `libc6:amd64.list` and `bash.list` of dpkg(1). */
const LIST = /^\/var\/lib\/dpkg\/info\/([^/:]+)(?::[^/]+)?\.list$/;

/** Paths by package, as dpkg knows them; empty for a tree without dpkg. They must be read before anything is taken away. */
export async function packageLists(tree: Tree): Promise<Map<string, string[]>> {
  const lists = new Map<string, string[]>();
  for (const [path, node] of tree) {
    const name = LIST.exec(path)?.[1];
    if (name === undefined) continue;
    const paths = (await readContent(node)).toString('utf8').split('\n');
    // Of several architectures there may be one each.
    lists.set(name, [...(lists.get(name) ?? []), ...paths]);
  }
  return lists;
}

/** Each content counts once, for the first package by name that has it. Nothing at all for a tree without lists. */
export function packageSizes(
  tree: Tree,
  lists: ReadonlyMap<string, readonly string[]>,
): PackageSizes | Record<string, never> {
  if (lists.size === 0) return {};
  const counted = new Set<TreeNode>();
  const sizes = [...lists]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, paths]) => ({
      name,
      ...sizeOf(
        paths.map(path => fileAt(tree, path)),
        counted,
      ),
    }))
    .filter(({ files }) => files > 0)
    .sort((a, b) => b.bytes - a.bytes);
  const rest = [...tree.values()].map(node => (node.type === 'file' ? node : null));
  return { packageSizes: sizes, otherFiles: sizeOf(rest, counted) };
}

/** A package may say /lib/x, which is in /usr/lib. */
function fileAt(tree: Tree, path: string): TreeNode | null {
  const node = tree.get(path) ?? tree.get(`/usr${path}`);
  return node?.type === 'file' ? node : null;
}

/** What is not in `counted` yet, which it goes into. */
function sizeOf(nodes: readonly (TreeNode | null)[], counted: Set<TreeNode>): { bytes: Bytes; files: number } {
  const size = { bytes: 0, files: 0 };
  for (const node of nodes) {
    if (node === null || counted.has(node)) continue;
    counted.add(node);
    size.bytes += contentBytes(node);
    size.files += 1;
  }
  return size;
}
