/** Short names of licences as debian/copyright files write them -> identifiers of the SPDX list. Pure. */
import { fixupSpdxId } from '@cyclonedx/cyclonedx-library/SPDX';

/** Names that the copyright format 1.0 (section 7.2) or habit gives to what SPDX calls otherwise. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'apache-2': 'Apache-2.0',
  cc0: 'CC0-1.0',
  expat: 'MIT',
  'openldap-2.8': 'OLDAP-2.8',
  'python-2': 'Python-2.0',
};

const GNU = /^(gpl|lgpl|agpl|gfdl|gfdl-niv)-?v?(\d)(?:\.(\d))?(\+|-only|-or-later)?$/;

/**
 * "GPL-2+" -> "GPL-2.0-or-later"; null for a name that stands for no text of the SPDX list, or for more than one: "Artistic" is
 * three of them, and "GPL" without a version is all.
 */
export function spdxId(name: string): string | null {
  const folded = name.trim().toLowerCase();
  const gnu = GNU.exec(folded);
  const wanted = gnu === null ? (OTHERWISE[folded] ?? folded) : gnuId(gnu);
  return fixupSpdxId(wanted) ?? null;
}

/** The format says that a version without `+` is that version alone. */
function gnuId([, family = '', major = '', minor = '0', end = '']: readonly string[]): string {
  const invariant = family === 'gfdl-niv' ? '-no-invariants' : '';
  const later = end === '+' || end === '-or-later' ? '-or-later' : '-only';
  return `${family.replace('-niv', '')}-${major}.${minor}${invariant}${later}`;
}
