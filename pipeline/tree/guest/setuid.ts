/** Files that run with the rights of their owner, whoever starts them: only those that are named. */
import { FormatFault } from '../../formats/fault.ts';
import { lookup, type Tree } from '../tree.ts';

const SETUID = 0o4000;
const SETGID = 0o2000;

/** Takes the bits from every file but the named; directories keep their setgid. Throws FormatFault for a name without such a file. */
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
  for (const node of tree.values()) if (node.type === 'file' && !kept.has(node)) node.mode &= ~(SETUID | SETGID);
}
