/** Which Debian packages a tree says are installed in it; nobody has checked that. */
import { field, splitStanzas } from '../../debian/stanza.ts';
import { readContent } from '../../tree/tar.ts';
import { contentBytes, lookup, type Tree } from '../../tree/tree.ts';

/** A whole Debian desktop has 3 MB of it. */
const MOST_BYTES = 64 << 20;

/** By /var/lib/dpkg/status, in its order; empty where there is none. See dpkg-query(1) for the states. */
export async function installedPackages(
  tree: Tree,
): Promise<{ name: string; version: string; architecture: string }[]> {
  const status = lookup(tree, '/var/lib/dpkg/status')?.node;
  if (status === undefined || status.type !== 'file' || contentBytes(status) > MOST_BYTES) return [];
  return splitStanzas((await readContent(status)).toString('utf8'))
    .filter(each => field(each, 'Status').endsWith(' installed'))
    .map(each => ({
      name: field(each, 'Package'),
      version: field(each, 'Version'),
      architecture: field(each, 'Architecture'),
    }));
}
