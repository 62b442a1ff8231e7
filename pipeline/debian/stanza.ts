/** Debian control stanzas: what the archive says of a package. See deb822(5) and deb-control(5). */

export interface ResolvedPackage {
  name: string;
  version: string;
  architecture: string;
  /** Where it was found; only the fetch needs it. */
  uri: string;
  bytes: number;
  sha256: string;
  /** The package's stanza of the archive's Packages file, without `Filename`. */
  stanza: string;
}

/** Splits a Packages file (or the output of apt-cache show) into its stanzas. */
export function splitStanzas(text: string): string[] {
  return text
    .split(/\n[ \t]*\n/)
    .map(stanza => stanza.trim())
    .filter(stanza => stanza !== '');
}

/** One field of a stanza, continuation lines included; empty when absent. Field names fold case. */
export function field(stanza: string, name: string): string {
  const match = new RegExp(String.raw`^${name}:[ \t]*(.*(?:\n[ \t].*)*)`, 'im').exec(stanza);
  return match?.[1]?.trim() ?? '';
}

/** A Packages file in which package N stands at `./SHA256.deb`; apt checks the digest when it reads one. */
export function packagesIndex(packages: readonly ResolvedPackage[]): string {
  return packages.map(({ stanza, sha256 }) => `${stanza}\nFilename: ./${sha256}.deb\n`).join('\n');
}

/** Names of `roots` and of everything they depend on, through the stanzas given; unknown names are left out. */
export function dependencyClosure(packages: readonly ResolvedPackage[], roots: readonly string[]): ResolvedPackage[] {
  const byName = new Map(packages.map(each => [each.name, each]));
  const providers = new Map<string, ResolvedPackage>();
  for (const each of packages) {
    for (const name of relationNames(field(each.stanza, 'Provides'))) providers.set(name, each);
  }
  const found = new Set<ResolvedPackage>();
  const visit = (name: string): void => {
    const each = byName.get(name) ?? providers.get(name);
    if (each === undefined || found.has(each)) return;
    found.add(each);
    for (const next of [
      ...relationNames(field(each.stanza, 'Pre-Depends')),
      ...relationNames(field(each.stanza, 'Depends')),
    ])
      visit(next);
  };
  roots.forEach(visit);
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** "a (>= 1), b:any | c" -> a, b, c. Every alternative counts: whichever is installed is a dependency. */
function relationNames(relations: string): string[] {
  return relations
    .split(/[,|]/)
    .map(each => each.trim().replace(/[\s(:].*$/s, ''))
    .filter(name => name !== '');
}
