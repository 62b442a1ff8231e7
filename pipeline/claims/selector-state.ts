/** What becomes of a machine whose selector reads a state that is damaged or hostile. */
import { encodeGrubenv, GRUBENV_BYTES } from '../formats/grubenv.ts';
import type { Part } from '../formats/vhdx/shape.ts';
import { ask } from './ask.ts';
import { claim, fact, type Claim } from './claim.ts';
import { ClaimFault } from './fault.ts';
import { fileOf, overwritten, SHIM, STATE, writtenOver, type DiskParts } from './disk-parts.ts';
import { isEnforcedOnTwoSlots, runsFrom } from './enforced.ts';

const USUAL: Pick<Claim, 'scenario' | 'applies' | 'tried'> = {
  scenario: 'damaged',
  applies: isEnforcedOnTwoSlots,
  tried: 'written over on both boot partitions before the start',
};

export const stateGarbage = claim({
  name: 'state-garbage',
  promise: () => 'With garbage for the state of its selector it starts slot A, verified.',
  ...USUAL,
  damage: async disk => states(disk, new Uint8Array(GRUBENV_BYTES).fill(0xa5)),
  prove: async ({ machine }) => {
    await machine.connect(0);
    return runsFrom(machine, 'A');
  },
});

export const stateEmpty = claim({
  name: 'state-empty',
  promise: () => 'With an empty state of its selector it starts slot A, verified.',
  ...USUAL,
  damage: async disk => states(disk, encodeGrubenv({})),
  prove: async ({ machine }) => {
    await machine.connect(0);
    return runsFrom(machine, 'A');
  },
});

export const stateHostile = claim({
  name: 'state-hostile',
  promise: () => 'No state of its selector switches verification off or changes the command line of the kernel.',
  ...USUAL,
  damage: async disk => states(disk, encodeGrubenv(HOSTILE)),
  prove: async ({ machine }) => {
    await machine.connect(0);
    const words = (await ask(machine, 'say words "$(cat /proc/cmdline)"')).one('words');
    const foreign = ['init=/bin/sh', 'caisson.verity=off', 'rescue'].filter(each => words.includes(each));
    return [
      ...(await runsFrom(machine, 'B')),
      fact(words.includes('caisson.roothash='), 'its command line names the root hash'),
      fact(
        foreign.length === 0,
        `of the state ${foreign.length === 0 ? 'nothing' : foreign.join(', ')} is in its command line`,
      ),
    ];
  },
});

/** The order is nobody's secret; all else must do nothing. */
const HOSTILE = {
  ORDER: 'B A',
  A_OK: '1',
  A_TRY: '0',
  B_OK: '1',
  B_TRY: '0',
  VERITY: 'off',
  profile: '3',
  superusers: '',
  check_signatures: 'no',
  kernelopts: 'init=/bin/sh',
  cmdline: 'init=/bin/sh caisson.verity=off rescue',
  fw_path: '(hd0,gpt8)/EFI/BOOT',
};

export const loaderDestroyed = claim({
  name: 'loader-destroyed',
  promise: () =>
    'With the loader of its first boot partition destroyed it starts by the other one, which obeys the same state.',
  ...USUAL,
  tried: 'the state says slot B first; shim on the first boot partition written over before the start',
  damage: async disk => [
    ...fileOf(disk, SHIM, 'A').extents.map(overwritten),
    ...states(disk, encodeGrubenv({ ORDER: 'B A', VERITY: 'enforced', A_OK: '1', A_TRY: '0', B_OK: '1', B_TRY: '0' })),
  ],
  prove: async ({ machine }) => {
    await machine.connect(0);
    return runsFrom(machine, 'B');
  },
});

/** The same block on each partition that has one. */
function states({ files }: DiskParts, bytes: Uint8Array): Part[] {
  const found = files.filter(each => each.path === STATE);
  if (found.length === 0) throw new ClaimFault(`no partition has ${STATE}`);
  return found.flatMap(each => writtenOver(each, bytes));
}
