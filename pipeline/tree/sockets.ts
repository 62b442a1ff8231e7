/** Sockets that a tree's systemd opens for the network by itself: socket units that are started, see systemd.socket(5). */
import { readContent } from './tar.ts';
import { lookup, matches, readable, type Tree } from './tree.ts';
import { UNIT_FOLDERS, unitNames } from './units.ts';

export interface ListeningSocket {
  unit: string;
  /** As the unit has them: `1234`, `0.0.0.0:1234`, `vsock::22`. */
  addresses: string[];
}

/**
 * By name of unit. A unit counts when some target, service or other unit wants, requires or upholds it by a link, and it
 * is not masked. Not seen: what a generator makes, and sockets that a program opens without a unit.
 */
export async function listeningSockets(tree: Tree): Promise<ListeningSocket[]> {
  const links = UNIT_FOLDERS.flatMap(folder => matches(tree, `${folder}/*/*.socket`));
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
  const places = unitNames(unit).flatMap(name => UNIT_FOLDERS.map(folder => `${folder}/${name}`));
  const main = places.find(path => tree.get(path) !== undefined);
  const text = main === undefined ? null : await textOf(tree, main);
  if (text === null) return [];
  const texts = [text];
  for (const path of dropIns(tree, places)) texts.push((await textOf(tree, path)) ?? '');
  let addresses: string[] = [];
  for (const value of texts.flatMap(listenLines)) addresses = value === '' ? [] : [...addresses, value];
  return addresses.filter(reachesNetwork);
}

/** Null for what is masked: it leads to /dev/null, which no tree has. */
async function textOf(tree: Tree, path: string): Promise<string | null> {
  const file = lookup(tree, path);
  return file !== null && readable(file.node) ? (await readContent(file.node)).toString('utf8') : null;
}

/** In the order of their names, whatever their folder; of two with one name the first counts. See systemd.unit(5). */
function dropIns(tree: Tree, places: readonly string[]): string[] {
  const paths = places.flatMap(place => matches(tree, `${place}.d/*.conf`));
  const byName = new Map(paths.toReversed().map(path => [path.slice(path.lastIndexOf('/') + 1), path]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
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
