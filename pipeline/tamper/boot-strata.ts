/** Shim, selector, and each section of the unified kernel images. */
import type { PePlace, PeSection } from '../formats/pe.ts';
import { programPlaces, type Program } from './program.ts';
import type { Stratum } from './trial.ts';

/** Strata of the same name are one: both slots' programs of a kind are drawn from together. */
export function programStrata(programs: readonly Program[]): Stratum[] {
  const strata = new Map<string, Stratum>();
  for (const program of programs)
    for (const { name, part } of partsOf(program)) {
      const stratum = strata.get(name) ?? { name, places: [], unprotected: '' };
      stratum.places.push(...programPlaces(program, part));
      if (program.signers.length === 0) stratum.unprotected = unsigned(program);
      strata.set(name, stratum);
    }
  return [...strata.values()];
}

function partsOf({ role, binary, file }: Program): { name: string; part: PePlace }[] {
  const whole = { offset: 0, size: file.size };
  if (role !== 'UKI' || binary.program === null) return [{ name: role, part: whole }];
  const { sections, signatures } = binary.program;
  const inFile = sections.filter(({ size }) => size > 0);
  const table = { offset: file.size - signatures.size, size: signatures.size };
  return [
    ...inFile.map(section => ({ name: `UKI ${section.name}`, part: section })),
    ...gapsOf(inFile, table.offset).map(part => ({ name: 'UKI headers', part })),
    ...(table.size > 0 ? [{ name: 'UKI signature', part: table }] : []),
  ];
}

/** Headers, and what fills up the sections. */
function gapsOf(sections: readonly PeSection[], end: number): PePlace[] {
  const gaps: PePlace[] = [];
  let at = 0;
  for (const { offset, size } of sections.toSorted((a, b) => a.offset - b.offset)) {
    if (offset > at) gaps.push({ offset: at, size: offset - at });
    at = Math.max(at, offset + size);
  }
  if (end > at) gaps.push({ offset: at, size: end - at });
  return gaps;
}

function unsigned({ file }: Program): string {
  return `${file.path} has no signature: nobody notices another program (\`signing:\` in the definition)`;
}
