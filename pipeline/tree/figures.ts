/** What a root is judged by, counted when its tree is complete: what runs with more rights, what listens, what is large. */
import type { Bytes } from '../formats/bytes.ts';
import { listeningSockets, type ListeningSocket } from './sockets.ts';
import { contentBytes, type Tree } from './tree.ts';

export interface RootFigures {
  /** Paths of files with a setuid or setgid bit, in byte order. */
  setuid: string[];
  sockets: ListeningSocket[];
  /** The largest first; each content once, however many names it has. */
  largest: { path: string; bytes: Bytes }[];
}

/** As many as a report shows. */
const SHOWN = 20;

export async function rootFigures(tree: Tree): Promise<RootFigures> {
  const files = [...tree].filter(([, node]) => node.type === 'file').sort(([a], [b]) => (a < b ? -1 : 1));
  const named = new Map(files.toReversed().map(([path, node]) => [node, path]));
  return {
    setuid: files.filter(([, { mode }]) => (mode & 0o6000) !== 0).map(([path]) => path),
    sockets: await listeningSockets(tree),
    largest: [...named]
      .map(([node, path]) => ({ path, bytes: contentBytes(node) }))
      .sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
      .slice(0, SHOWN),
  };
}
