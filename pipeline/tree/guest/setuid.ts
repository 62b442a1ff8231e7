/** Files that run with the rights of their owner, whoever starts them: only those that are named. */
import { FormatFault } from '../../formats/fault.ts';
import { lookup, type Tree } from '../tree.ts';

const SETUID = 0o4000;
const SETGID = 0o2000;
const CAPABILITIES = 'security.capability';

/**
 * Takes the bits from every file but the named, and capabilities(7) from all: they are rights too, and no list names them.
 * Directories keep their setgid. Throws FormatFault for a name without such a file.
 */
export function stripSetuid(tree: Tree, named: readonly string[]): void {
  const kept = new Set(
    named.map(path => {
      const node = lookup(tree, path)?.node;
      if (node === undefined || node.type !== 'file' || (node.mode & (SETUID | SETGID)) === 0)
        throw new FormatFault(
          `"${path}" of \`setuid\` ${node === undefined ? 'is not in the tree' : 'has neither setuid nor setgid bit'}`,
          'take it out of the manifest, or install the package that brings it',
        );
      return node;
    }),
  );
  // Hard links share one node.
  for (const node of tree.values()) {
    if (node.type !== 'file') continue;
    if (!kept.has(node)) node.mode &= ~(SETUID | SETGID);
    const { [CAPABILITIES]: _, ...others } = node.xattrs;
    node.xattrs = others;
  }
}
