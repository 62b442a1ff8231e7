/** A package's copyright file -> the licences it names. Pure. The format is that of Debian's copyright-format 1.0 ("DEP-5"). */
import { spdxId } from './spdx.ts';
import { field, splitStanzas } from './stanza.ts';

/** With the identifier of the SPDX list, or by the name that the file gives it. */
export type Licence = { id: string } | { name: string };

export interface Licences {
  /**
   * `declared`: the file is written for machines and says so. `mentioned`: it is prose; these are the texts of
   * /usr/share/common-licenses that it points to. `unknown`: prose that points to none, or no file at all.
   */
  basis: 'declared' | 'mentioned' | 'unknown';
  /** Each once, sorted by name; one that says that nothing is known where nothing is. */
  licences: Licence[];
}

/** `text` is the copyright file of a package, null for one that has none. Licences are those of its source, all files together. */
export function licencesOf(text: string | null): Licences {
  const declared = text === null || !/^Format:/im.test(text) ? [] : declaredNames(text);
  if (declared.length > 0) return { basis: 'declared', licences: unique(declared.map(licence)) };
  const mentioned = mentionedNames(text ?? '');
  if (mentioned.length > 0) return { basis: 'mentioned', licences: unique(mentioned.map(mentionedLicence)) };
  return { basis: 'unknown', licences: [{ name: text === null ? 'no copyright file' : 'see copyright file' }] };
}

/**
 * First lines of the License fields. Paragraphs without `Files` only hold the text of a licence that others name, but for
 * the first, which is about all. "A and B" are two that both hold; "A or B" stays one, because a list of licences means all.
 */
function declaredNames(text: string): string[] {
  return splitStanzas(text.replaceAll('\r', ''))
    .filter((stanza, index) => index === 0 || field(stanza, 'Files') !== '')
    .flatMap(stanza => conjuncts(synopsis(stanza)));
}

function synopsis(stanza: string): string {
  return (/^License:[ \t]*(.*)$/im.exec(stanza)?.[1] ?? '').trim().replaceAll(/\s+/g, ' ');
}

function conjuncts(synopsis: string): string[] {
  // "A or B, and C": the comma binds less than the words.
  const groups = synopsis.split(/, and /i);
  return groups
    .flatMap(group => (/ or /i.test(group) ? [group] : group.split(/ and |, /i)))
    .map(each => each.trim().replace(/,$/, ''))
    .filter(each => each !== '');
}

function licence(name: string): Licence {
  const id = spdxId(name);
  return id === null ? { name } : { id };
}

function mentionedNames(text: string): string[] {
  return [...text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9])/g)].map(
    ([, name = '']) => name,
  );
}

/** Prose that points to the text of GPL-2 may mean that version alone or later ones too: no identifier says "either". */
function mentionedLicence(name: string): Licence {
  return /^(A|L)?GPL|^GFDL/.test(name) ? { name } : licence(name);
}

function unique(licences: readonly Licence[]): Licence[] {
  const key = (each: Licence): string => ('id' in each ? each.id : each.name);
  return [...new Map(licences.map(each => [key(each), each] as const))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, each]) => each);
}
