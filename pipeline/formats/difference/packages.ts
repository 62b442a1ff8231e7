/** Packages by name, whichever manifests have them. */

export interface Package {
  name: string;
  version: string;
  /** Empty when it is not known. */
  architecture: string;
}

/** By name of the manifest. */
export type Packages = Readonly<Record<string, readonly Package[]>>;

export interface PackageChange {
  name: string;
  /** Manifests in which it changes so, by name. */
  manifests: string[];
  /** Null for a package that is new, or gone. */
  old: string | null;
  new: string | null;
}

/** By name. A package that changes alike in several manifests is one change. */
export function comparePackages(before: Packages, after: Packages): PackageChange[] {
  const found = new Map<string, PackageChange>();
  for (const manifest of inOrder([...Object.keys(before), ...Object.keys(after)])) {
    const [old, next] = [versions(ofManifest(before, manifest)), versions(ofManifest(after, manifest))];
    for (const name of inOrder([...old.keys(), ...next.keys()])) {
      const change = { name, manifests: [manifest], old: old.get(name) ?? null, new: next.get(name) ?? null };
      if (change.old === change.new) continue;
      const key = JSON.stringify([name, change.old, change.new]);
      const known = found.get(key);
      if (known === undefined) found.set(key, change);
      else known.manifests.push(manifest);
    }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Own ones alone: a manifest may be called as what every object has. */
function ofManifest(packages: Packages, manifest: string): readonly Package[] {
  return Object.hasOwn(packages, manifest) ? (packages[manifest] ?? []) : [];
}

/** A foreign package, of which there may be two, has its architecture in the name. */
function versions(packages: readonly Package[]): Map<string, string> {
  const twice = new Set(packages.map(({ name }) => name).filter((name, at, all) => all.indexOf(name) !== at));
  return new Map(
    packages.map(({ name, version, architecture }) => [twice.has(name) ? `${name}:${architecture}` : name, version]),
  );
}

function inOrder(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
