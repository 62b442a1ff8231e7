/** What a proof notes of its installations; on Data, because a reboot follows. */
import type { ProvenFact } from '../formats/proof.ts';
import { ask } from './ask.ts';
import { fact, type Subject } from './claim.ts';

/** Seconds that it took, source, KiB that were free on Data before and after. */
export const INSTALL_NOTE = '/var/lib/caisson/prove-install';
/** Seconds from the reboot until the version before served again. */
export const RETURN_NOTE = '/var/lib/caisson/prove-return';

interface Installed {
  seconds: string;
  source: string;
  before: number;
  after: number;
}

export async function installedOf({ machine }: Pick<Subject, 'machine'>): Promise<Installed> {
  const note = (await ask(machine, `say note "$(cat ${INSTALL_NOTE})"`)).one('note');
  const [seconds = '', source = '', before, after] = note.split(' ');
  return { seconds, source, before: Number(before), after: Number(after) };
}

export const installedFact = ({ seconds, source }: Installed): ProvenFact =>
  fact(/^\d+$/.test(seconds), `installed from ${source} in ${seconds} s`);

/** The operator is told which version was given up, and why. */
export async function givenUpFacts({ machine }: Pick<Subject, 'machine'>): Promise<ProvenFact[]> {
  const answers = await ask(machine, `tell health caisson health; say seconds "$(cat ${RETURN_NOTE})"`);
  const lines = answers.one('health').split(';');
  const told = lines.find(line => /^last update: .*(failed: |did not come up)/.test(line));
  const seconds = answers.one('seconds');
  return [
    fact(told !== undefined, told ?? `the operator is NOT told: ${lines.join('; ')}`),
    fact(/^\d+$/.test(seconds), `the version before served again ${seconds} s after the reboot`),
  ];
}
