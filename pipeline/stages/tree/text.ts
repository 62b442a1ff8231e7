import { readContent } from '../../tree/tar.ts';
import { lookup, type Tree } from '../../tree/tree.ts';

/** The text of a file, links followed; '' where there is none. */
export async function textOf(made: Tree, path: string): Promise<string> {
  const found = lookup(made, path);
  return found === null ? '' : (await readContent(found.node)).toString('utf8');
}
