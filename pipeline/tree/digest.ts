/** SHA-256 of every regular file of a tree; memory stays small, however large a file is. */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { FormatFault } from '../formats/fault.ts';
import type { Tree, TreeNode } from './tree.ts';

const CHUNK = 1 << 20;

/** Path -> SHA-256, hexadecimal, in the order of the tree. Throws FormatFault when a file is shorter than the tree says. */
export async function digestTree(tree: Tree, signal: AbortSignal): Promise<Map<string, string>> {
  const handles = new Map<string, FileHandle>();
  const digests = new Map<string, string>();
  const known = new Map<TreeNode, string>();
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    for (const [path, node] of tree) {
      if (node.type !== 'file') continue;
      signal.throwIfAborted();
      // Paths of a hard link share a node.
      const sha256 = known.get(node) ?? (await digestNode(node, handles, buffer));
      known.set(node, sha256);
      digests.set(path, sha256);
    }
  } finally {
    await Promise.all([...handles.values()].map(handle => handle.close()));
  }
  return digests;
}

async function digestNode(node: TreeNode, handles: Map<string, FileHandle>, buffer: Buffer): Promise<string> {
  const hash = createHash('sha256');
  if (node.content === null) return hash.digest('hex');
  if ('data' in node.content) return hash.update(node.content.data).digest('hex');
  // Held to it when it is written.
  if ('sha256' in node.content) return node.content.sha256;
  const { file, offset, bytes } = node.content;
  const handle = handles.get(file) ?? (await open(file));
  handles.set(file, handle);
  for (let done = 0; done < bytes;) {
    // A package has thousands of small files: one trip through the thread pool each would double the time.
    const read = readSync(handle.fd, buffer, 0, Math.min(CHUNK, bytes - done), offset + done);
    if (read === 0)
      throw new FormatFault(`${file} ended at ${offset + done}, ${bytes - done} bytes too early`, 'build again');
    hash.update(buffer.subarray(0, read));
    done += read;
  }
  return hash.digest('hex');
}
