/** Which kernel modules are needed for some, and in which order; see modules.dep(5) and modprobe.d(5) (softdep). */
import { FormatFault } from '../formats/fault.ts';

export interface ModuleIndex {
  /** modules.dep */
  dependencies: string;
  /** modules.builtin */
  builtin: string;
  /** modules.softdep */
  soft: string;
}

/**
 * Paths below /usr/lib/modules/VERSION of the modules named and of all they depend on, each after its dependencies.
 * Modules built into the kernel are left out; a name the kernel does not have is a FormatFault.
 */
export function loadOrder(names: readonly string[], index: ModuleIndex): string[] {
  const paths = new Map<string, { path: string; needs: string[] }>();
  for (const line of index.dependencies.split('\n')) {
    const [path = '', needs = ''] = line.split(':');
    if (path !== '')
      paths.set(moduleName(path), {
        path,
        needs: needs
          .trim()
          .split(/\s+/)
          .filter(each => each !== '')
          .map(moduleName),
      });
  }
  const builtin = new Set(
    index.builtin
      .split('\n')
      .filter(line => line !== '')
      .map(moduleName),
  );
  const soft = new Map<string, string[]>();
  for (const match of index.soft.matchAll(/^softdep (\S+) pre: ([^:\n]*?)(?: post:.*)?$/gm)) {
    const name = canonical(match[1] ?? '');
    // A module may declare several, each on a line of its own (btrfs has four).
    soft.set(name, [
      ...(soft.get(name) ?? []),
      ...(match[2] ?? '')
        .split(/\s+/)
        .filter(each => each !== '')
        .map(canonical),
    ]);
  }
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string, optional: boolean): void => {
    if (seen.has(name) || builtin.has(name)) return;
    const found = paths.get(name);
    if (found === undefined && optional) return;
    if (found === undefined)
      throw new FormatFault(`the kernel has no module "${name}"`, nearby(name, [...paths.keys()]));
    seen.add(name);
    for (const each of soft.get(name) ?? []) visit(each, true);
    for (const each of found.needs) visit(each, false);
    order.push(found.path);
  };
  names.forEach(name => visit(canonical(name), false));
  return order;
}

/** `kernel/fs/fat/vfat.ko.xz` -> `vfat`, with `_` for `-`. */
export function moduleName(path: string): string {
  return canonical(path.slice(path.lastIndexOf('/') + 1).replace(/\.ko(\.\w+)?$/, ''));
}

/** The kernel takes `-` and `_` in module names as the same. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

function nearby(name: string, known: readonly string[]): string {
  const similar = known.filter(each => each.startsWith(name.slice(0, 4))).slice(0, 5);
  return similar.length === 0 ? 'mend `modules` in the manifest' : `there are: ${similar.join(', ')}`;
}
