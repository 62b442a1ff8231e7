/** Debian control stanzas: what the archive says of a package. See deb822(5) and deb-control(5). */

export interface ResolvedPackage {
  name: string;
  version: string;
  architecture: string;
  /** Where it was found; only the fetch needs it. */
  uri: string;
  bytes: number;
  sha256: string;
  /** What is said of it: by the archive's Packages file (without `Filename`) or its own control file; '' if neither is known. */
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

/**
 * A Packages file in which package N stands at `./SHA256.deb`; apt checks the digest when it reads one. It is made of
 * the packages' own control files: what an archive says beyond those (overrides) would not be in any digest.
 * `controls`: by SHA-256.
 */
export function packagesIndex(
  packages: readonly ResolvedPackage[],
  controls: Readonly<Record<string, string>>,
): string {
  return packages
    .map(each => `${indexStanza(controls[each.sha256] ?? '', each)}\nFilename: ./${each.sha256}.deb\n`)
    .join('\n');
}

/** A stanza with the size and digest of the file, and no other place or digest. */
export function indexStanza(stanza: string, { bytes, sha256 }: Pick<ResolvedPackage, 'bytes' | 'sha256'>): string {
  const own = stanza.replaceAll(/^(?:Filename|Size|MD5sum|SHA1|SHA256|SHA512):.*\n?/gim, '').trimEnd();
  return `${own}\nSize: ${bytes}\nSHA256: ${sha256}`;
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

/** Of each package by name: the names of those among `packages` that its Depends and Pre-Depends mean, sorted. */
export function directDependencies(packages: readonly ResolvedPackage[]): Map<string, string[]> {
  const names = new Set(packages.map(each => each.name));
  const providers = new Map<string, string[]>();
  for (const { name, stanza } of packages)
    for (const virtual of relationNames(field(stanza, 'Provides')))
      providers.set(virtual, [...(providers.get(virtual) ?? []), name]);
  return new Map(
    packages.map(({ name, stanza }) => {
      const wanted = ['Pre-Depends', 'Depends'].flatMap(each => relationNames(field(stanza, each)));
      const found = wanted.flatMap(each => (names.has(each) ? [each] : (providers.get(each) ?? [])));
      return [name, [...new Set(found)].filter(each => each !== name).sort()];
    }),
  );
}

/** "a (>= 1), b:any | c" -> a, b, c. Every alternative counts: whichever is installed is a dependency. */
function relationNames(relations: string): string[] {
  return relations
    .split(/[,|]/)
    .map(each => each.trim().replace(/[\s(:].*$/s, ''))
    .filter(name => name !== '');
}
