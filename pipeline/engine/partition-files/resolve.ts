/** A path inside a partition -> its inode: path_resolution(7), with the partition's root as the only root there is. */
import { nearest, listed } from '../../config/nearest.ts';
import type { Inode } from '../../formats/inode.ts';
import { PathFault } from './fault.ts';

/** An inode and the path that names it without links. */
export interface Located {
  inode: Inode;
  path: string;
}

export interface Lookup {
  root: Inode;
  caseless: boolean;
  /** What the folder with this id holds. */
  children(folder: string): Promise<Inode[]>;
}

/** As Linux has it: more links than this in one path are a loop. */
const MOST_LINKS = 40;

/**
 * Follows links in the middle of a path, and at its end when `followLast` or the path ends with a slash. Throws
 * PathFault for what is not there, with the nearest name in that folder, and for links that lead nowhere.
 */
export async function resolvePath(
  lookup: Lookup,
  wanted: string,
  { followLast }: { followLast: boolean },
): Promise<Located> {
  const root: Located = { inode: lookup.root, path: '/' };
  const names = namesOf(wanted);
  let places: Located[] = [];
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const here = places.at(-1) ?? root;
    if (here.inode.type !== 'directory') throw notAFolder(here, wanted);
    if (name === '.') continue;
    if (name === '..') {
      places.pop();
      continue;
    }
    const inode = await childOf(lookup, here, { name, wanted });
    if (inode.type !== 'symlink' || (names.length === 0 && !followLast)) {
      places.push({ inode, path: join(here.path, inode.name) });
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw circle(wanted);
    const target = inode.target ?? '';
    if (target.startsWith('/')) places = [];
    names.unshift(...namesOf(target));
  }
  return places.at(-1) ?? root;
}

export function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

/** A slash at the end asks for a folder, as `/.` does. */
function namesOf(path: string): string[] {
  const names = path.split('/').filter(each => each !== '');
  return path.endsWith('/') ? [...names, '.'] : names;
}

async function childOf(
  { caseless, children }: Lookup,
  here: Located,
  { name, wanted }: { name: string; wanted: string },
): Promise<Inode> {
  const all = await children(here.inode.id);
  const found =
    all.find(each => each.name === name) ??
    (caseless ? all.find(each => each.name.toLowerCase() === name.toLowerCase()) : undefined);
  if (found !== undefined) return found;
  const names = all.map(each => each.name);
  const near = nearest(name, names);
  throw new PathFault(
    `${wanted}: there is no "${name}" in ${here.path}`,
    near !== null
      ? `did you mean "${join(here.path, near)}"?`
      : names.length === 0
        ? `${here.path} is empty`
        : `it holds ${listed(names)}`,
  );
}

function notAFolder({ path, inode }: Located, wanted: string): PathFault {
  return new PathFault(
    `${wanted}: ${path} is no folder but a ${inode.type === 'file' ? 'file' : 'device, pipe or socket'}`,
    `${path} is what there is`,
  );
}

function circle(wanted: string): PathFault {
  return new PathFault(
    `${wanted}: more than ${MOST_LINKS} symbolic links, which lead in a circle`,
    'caisson ls shows where each of them points',
  );
}
