/**
 * Enabling, disabling and masking of systemd units in a tree, as `systemctl --root=` does it: symlinks that follow
 * the [Install] section. See systemd.unit(5).
 */
import { lookup, matches, place, readable, symlink, type Tree } from './tree.ts';
import { readContent } from './tar.ts';
import { FormatFault } from '../formats/fault.ts';

/** Where units are looked for; the first one found counts. */
export const UNIT_FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system'] as const;
const WANTS: Readonly<Record<string, string>> = { WantedBy: 'wants', RequiredBy: 'requires', UpheldBy: 'upholds' };

/** Makes the symlinks that the unit's [Install] section asks for, and those of the units it names by `Also=`. */
export async function enableUnit(tree: Tree, unit: string, seen: ReadonlySet<string> = new Set()): Promise<void> {
  if (seen.has(unit)) return;
  const file = unitFile(tree, unit);
  if (file === null) throw new FormatFault(`no unit "${unit}" in the tree`, unitHint(tree, unit));
  const install = installSection((await readContent(file.node)).toString('utf8'));
  const instance = /@(.+)\.\w+$/.exec(unit)?.[1] ?? install.DefaultInstance?.[0] ?? '';
  const instanceOf = (template: string): string => template.replace('@.', () => `@${instance}.`);
  // A unit named by an alias (sshd.service) is linked by its own name, as systemctl does.
  const name = instanceOf(file.path.slice(file.path.lastIndexOf('/') + 1));
  const expand = (text: string): string => text.replaceAll('%i', () => instance).replaceAll('%n', () => name);
  for (const [key, folder] of Object.entries(WANTS)) {
    for (const target of install[key] ?? [])
      place(tree, `/etc/systemd/system/${expand(target)}.${folder}/${name}`, symlink(file.path));
  }
  for (const alias of install.Alias ?? [])
    place(tree, `/etc/systemd/system/${instanceOf(expand(alias))}`, symlink(file.path));
  for (const other of install.Also ?? []) await enableUnit(tree, expand(other), new Set([...seen, unit]));
}

/** Takes away every symlink to the unit below /etc/systemd/system; units that are not enabled are left as they are. */
export function disableUnit(tree: Tree, unit: string): void {
  for (const path of matches(tree, '/etc/systemd/system/**')) {
    const node = tree.get(path);
    if (node?.type !== 'symlink' || node.target === '/dev/null') continue;
    if (path.endsWith(`/${unit}`) || node.target.endsWith(`/${unit}`)) tree.delete(path);
  }
}

/** Links the unit to /dev/null, so that nothing can start it. */
export function maskUnit(tree: Tree, unit: string): void {
  disableUnit(tree, unit);
  place(tree, `/etc/systemd/system/${unit}`, symlink('/dev/null'));
}

/** A unit and, of an instance, the template that it is made of. */
export function unitNames(unit: string): string[] {
  return [...new Set([unit, unit.replace(/@.+\./, '@.')])];
}

function unitFile(tree: Tree, unit: string): ReturnType<typeof lookup> {
  for (const name of unitNames(unit)) {
    for (const folder of UNIT_FOLDERS) {
      const found = lookup(tree, `${folder}/${name}`);
      if (found !== null && readable(found.node)) return found;
    }
  }
  return null;
}

function unitHint(tree: Tree, unit: string): string {
  const stem = unit.replace(/[@.].*$/, '').slice(0, 5);
  const similar = UNIT_FOLDERS.flatMap(folder => matches(tree, `${folder}/*`))
    .map(path => path.slice(path.lastIndexOf('/') + 1))
    .filter(name => name.startsWith(stem));
  return similar.length === 0
    ? 'is the package that brings it in the manifest?'
    : `there are: ${[...new Set(similar)].slice(0, 6).join(', ')}`;
}

function installSection(text: string): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  let inside = false;
  for (const raw of text.replaceAll('\\\n', ' ').split('\n')) {
    const line = raw.trim();
    if (line.startsWith('[')) inside = line === '[Install]';
    const match = /^(\w+)\s*=\s*(.*)$/.exec(line);
    if (!inside || match?.[1] === undefined) continue;
    const words = (match[2] ?? '').split(/\s+/).filter(word => word !== '');
    // An empty assignment takes back those before it.
    values[match[1]] = words.length === 0 ? [] : [...(values[match[1]] ?? []), ...words];
  }
  return values;
}
