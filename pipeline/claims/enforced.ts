/** What claims about enforced verification share. */
import type { GuestMachine } from '../engine/machine/guest-machine.ts';
import type { Declaration } from '../formats/declaration.ts';
import type { ProvenFact } from '../formats/proof.ts';
import { ask } from './ask.ts';
import { fact } from './claim.ts';
import { rootContent } from './root-verity.ts';

export const isEnforced = ({ verifiedBoot }: Pick<Declaration, 'verifiedBoot'>): boolean => verifiedBoot === 'enforced';

/** Both slots hold a root: there is somewhere to fall back to. */
export const hasTwoSlots = ({ partitions }: Pick<Declaration, 'partitions'>): boolean =>
  ['A', 'B'].every(slot => partitions.some(each => each.slot === slot && each.content === rootContent({ partitions })));

/** There is something to fall back to when what is verified is damaged. */
export const isEnforcedOnTwoSlots = (declaration: Pick<Declaration, 'verifiedBoot' | 'partitions'>): boolean =>
  isEnforced(declaration) && hasTwoSlots(declaration);

/** Some restarts, each under emulation. */
export const RESTARTS_SECONDS = 420;

/** Which slot runs, from which partition, and that its root is verified. */
export async function runsFrom(machine: GuestMachine, slot: string): Promise<ProvenFact[]> {
  const answers = await ask(
    machine,
    `say slot "$(cat /run/caisson/slot)"
device=/sys/dev/block/$(mountpoint --fs-devno /)
say uuid "$(cat "$device/dm/uuid" 2>/dev/null)"
for each in "$device/slaves"/*; do say partition "$(sed -n 's/^PARTN=//p' "$each/uevent") $(sed -n 's/^PARTNAME=//p' "$each/uevent")"; done`,
  );
  const [running, uuid] = [answers.one('slot'), answers.one('uuid')];
  const verified = uuid.startsWith('CRYPT-VERITY-');
  return [
    fact(running === slot, `slot ${running} runs, from partition ${answers.all('partition').join(', ') || 'unknown'}`),
    fact(verified, verified ? 'its root is verified' : 'its root is NOT verified'),
  ];
}

/** Waits for a console line at or after index `from`; false when it does not come. */
export async function comes(
  machine: GuestMachine,
  pattern: RegExp,
  options: { from: number; limitSeconds: number },
): Promise<boolean> {
  return machine.waitForLine(pattern, options).then(
    () => true,
    () => false,
  );
}
