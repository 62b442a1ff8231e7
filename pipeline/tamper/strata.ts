/** All of a disk, in parts whose bits are judged alike. */
import { bootFilesStratum } from './boot-files.ts';
import { programStrata } from './boot-strata.ts';
import { gptStrata } from './gpt.ts';
import { readPrograms } from './program.ts';
import { rootStrata } from './root.ts';
import { startAsIs, stateStratum } from './state.ts';
import type { TamperSubject } from './subject.ts';
import type { Stratum } from './trial.ts';
import { unusedStratum, writtenStrata } from './unused.ts';

/** In the order in which a machine reads them; every byte of the disk is in one. Strata without a byte are left out. */
export async function readStrata(subject: TamperSubject): Promise<Stratum[]> {
  const programs = await readPrograms(subject);
  const { verified } = await startAsIs(subject);
  const unverified = verified ? '' : 'the state says VERITY=off (`caisson verity on IMAGE` turns it on)';
  const known = [
    ...(await gptStrata(subject)),
    bootFilesStratum(subject, programs),
    ...programStrata(programs),
    await stateStratum(subject),
    ...rootStrata(subject, unverified),
  ];
  const written = writtenStrata(subject, known);
  const all = [...known, unusedStratum(subject, [...known, ...written]), ...written];
  return all.filter(({ places }) => places.length > 0);
}
