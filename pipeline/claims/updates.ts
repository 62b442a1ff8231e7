/** What claims about updates share: where their bundles are, and what an installation may have written. */
import type { Declaration } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { ask, endOf, quoted, type Answers } from './ask.ts';
import { fact, type Subject } from './claim.ts';
import { hasTwoSlots } from './enforced.ts';

/** Where the machine has mounted the disk with the bundles. */
export const BUNDLE_FOLDER = '/run/caisson-prove';

/** Bundles that a proof makes, by the name of their file without its ending. */
export const BUNDLES = [
  'good',
  'damaged',
  'other-key',
  'other-compatible',
  'lower',
  'too-large',
  'truncated',
  'altered',
] as const;
export type BundleName = (typeof BUNDLES)[number];

export const bundleFile = (name: BundleName): string => `${BUNDLE_FOLDER}/${name}.raucb`;

export const takesUpdates = (declaration: Declaration): boolean =>
  declaration.updates !== null && declaration.ssh !== null && hasTwoSlots(declaration);

/** Shell: the function `written` prints sectors that were written to the slot that does not run, since the boot. */
export function writtenFunction({ partitions }: Pick<Declaration, 'partitions'>): string {
  const of = (slot: string): string =>
    partitions
      .filter(each => each.slot === slot && each.filesystem !== 'vfat')
      .map(each => quoted(each.name))
      .join(' ');
  // Documentation/block/stat.rst: the seventh field. Of FATs the selector's state is written too, so they are left out.
  return `written() {
  case "$(cat /run/caisson/slot)" in A) set -- ${of('B')} ;; *) set -- ${of('A')} ;; esac
  for each; do read -r _ _ _ _ _ _ sectors _ <"/sys/class/block/$(basename "$(readlink -f "/dev/caisson/$each")")/stat"; printf '%s ' "$sectors"; done
}
`;
}

/** Tries `command`, which must fail with a word of why, leave the slot that does not run alone, and the state of the selector. */
export async function refusedFacts(
  { machine, declaration }: Subject,
  { command, why }: { command: string; why: RegExp },
): Promise<ProvenFact[]> {
  const answers = await ask(
    machine,
    `${writtenFunction(declaration)}
say before "$(written)"; tell state-before /usr/lib/caisson/grubenv get
ends end ${command}
say after "$(written)"; tell state-after /usr/lib/caisson/grubenv get`,
    INSTALL_SECONDS,
  );
  const { code, text } = endOf(answers.one('end'));
  // Not in the names of files, which say what is tried.
  const words = text.split(';').flatMap(line => /^(?:LastError|caisson: refused): (.*)/.exec(line.trim())?.[1] ?? []);
  const told = words.find(each => why.test(each));
  return [
    fact(code !== 0, code === 0 ? 'it was INSTALLED' : `refused, exit code ${code}`),
    fact(told !== undefined, told ?? `not for the reason that it should be: ${words.join('; ') || text.slice(-160)}`),
    ...untouched(answers),
  ];
}

function untouched(answers: Answers): ProvenFact[] {
  const [before, after] = [answers.one('before'), answers.one('after')];
  const [was, is] = [answers.one('state-before'), answers.one('state-after')];
  return [
    fact(before === after, `sectors written to the other slot: ${before} before, ${after} after`),
    fact(
      was === is,
      was === is ? 'the state of the selector is as it was' : `the state of the selector CHANGED: ${is}`,
    ),
  ];
}

/** An installation, under emulation. */
export const INSTALL_SECONDS = 420;

/** That `slot` runs, was marked good, and nothing is on trial any longer. */
export async function settledFacts({ machine }: Subject, slot: string): Promise<ProvenFact[]> {
  // The whole root is read before a slot is good.
  const answers = await ask(
    machine,
    `for _ in $(seq 240); do /usr/lib/caisson/grubenv get | grep -qx '${slot}_TRY=0' && break; sleep 1; done
say slot "$(cat /run/caisson/slot)"; tell state /usr/lib/caisson/grubenv get`,
    300,
  );
  const state = answers.one('state').split(';');
  const good = [`${slot}_OK=1`, `${slot}_TRY=0`].every(each => state.includes(each));
  const trial = state.find(each => /^TRIAL=./.test(each));
  return [
    fact(answers.one('slot') === slot, `slot ${answers.one('slot')} runs`),
    fact(good, good ? 'it was marked good' : `it was NOT marked good: ${state.join(' ')}`),
    fact(trial === undefined, trial === undefined ? 'nothing is on trial' : `the state says ${trial}`),
  ];
}
