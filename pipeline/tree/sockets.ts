/** Sockets that a tree's systemd opens for the network by itself: socket units that are started, see systemd.socket(5). */
import { readContent } from './tar.ts';
import { lookup, matches, readable, type Tree } from './tree.ts';

export interface ListeningSocket {
  unit: string;
  /** As the unit has them: `1234`, `0.0.0.0:1234`, `vsock::22`. */
  addresses: string[];
}

const FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system'] as const;

/**
 * By name of unit. A unit counts when some target, service or other unit wants, requires or upholds it by a link, and it
 * is not masked. Not seen: what a generator makes, and sockets that a program opens without a unit.
 */
export async function listeningSockets(tree: Tree): Promise<ListeningSocket[]> {
  const links = FOLDERS.flatMap(folder => matches(tree, `${folder}/*/*.socket`));
  const units = links
    .filter(each => /\.(wants|requires|upholds)\/[^/]+$/.test(each))
    .map(each => each.slice(each.lastIndexOf('/') + 1));
  const found: ListeningSocket[] = [];
  for (const unit of [...new Set(units)].sort()) {
    const addresses = await listenedAddresses(tree, unit);
    if (addresses.length > 0) found.push({ unit, addresses });
  }
  return found;
}

/** Of the unit with its drop-ins; none for a unit that is masked or is not there. */
async function listenedAddresses(tree: Tree, unit: string): Promise<string[]> {
  const names = [unit, unit.replace(/@.*\./, '@.')];
  const main = names
    .flatMap(name => FOLDERS.map(folder => `${folder}/${name}`))
    .find(path => tree.get(path) !== undefined);
  if (main === undefined) return [];
  const dropIns = names.flatMap(name => FOLDERS.flatMap(folder => matches(tree, `${folder}/${name}.d/*.conf`)));
  let addresses: string[] = [];
  for (const path of [main, ...new Set(dropIns)]) {
    const file = lookup(tree, path);
    // A masked unit leads to /dev/null, which no tree has.
    if (file === null || !readable(file.node)) return [];
    for (const value of listenLines((await readContent(file.node)).toString('utf8')))
      addresses = value === '' ? [] : [...addresses, value];
  }
  return addresses.filter(reachesNetwork);
}

function listenLines(text: string): string[] {
  return [...text.replaceAll('\\\n', ' ').matchAll(/^[ \t]*Listen(?:Stream|Datagram)[ \t]*=[ \t]*(.*?)[ \t]*$/gm)].map(
    each => each[1] ?? '',
  );
}

/** Paths, their specifiers and abstract names are of this machine alone, and so is loopback. */
function reachesNetwork(address: string): boolean {
  return !/^[/@%]|^127\.|^\[::1\]/.test(address);
}
