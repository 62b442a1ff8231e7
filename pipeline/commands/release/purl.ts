/** The package URL of a Debian package; see the purl specification's type "deb". Pure. */
import { PackageURL } from 'packageurl-js';
import type { ResolvedPackage } from '../../debian/stanza.ts';

/** Scanners look vulnerabilities up by release number; a suite without one keeps its name, which the specification takes too. */
const RELEASES: Readonly<Record<string, string>> = { bookworm: 'debian-12', trixie: 'debian-13', forky: 'debian-14' };

export function purlOf(
  { name, version, architecture }: Omit<ResolvedPackage, 'uri' | 'bytes' | 'sha256' | 'stanza'>,
  suite: string,
): string {
  const distro = RELEASES[suite] ?? suite;
  return new PackageURL('deb', 'debian', name, version, { arch: architecture, distro }, undefined).toString();
}

/** Throws for what is no package URL. */
export function parsePurl(text: string): { name: string; version: string; architecture: string } {
  const { name, version, qualifiers } = PackageURL.fromString(text);
  return { name: name ?? '', version: version ?? '', architecture: qualifiers?.arch ?? '' };
}
