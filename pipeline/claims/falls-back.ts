/** Damage of the root of slot A that ends on slot B, whatever is between. */
import { claim, fact, type Claim } from './claim.ts';
import { beyondCorrection, overwritten, rootOf } from './disk-parts.ts';
import { comes, isEnforcedOnTwoSlots, RESTARTS_SECONDS, runsFrom } from './enforced.ts';

const BLOCK = 4096;

const ENDS_ON_B: Pick<Claim, 'tried' | 'scenario' | 'applies' | 'prove'> = {
  tried: 'written over before the start; nothing is done but wait',
  scenario: 'damaged',
  applies: isEnforcedOnTwoSlots,
  prove: async ({ machine }) => {
    const ready = await comes(machine, /\bcaisson: ready: .* slot B\b/, { from: 0, limitSeconds: RESTARTS_SECONDS });
    if (!ready) return [fact(false, `slot B was not ready within ${RESTARTS_SECONDS} s`)];
    await machine.connect(0);
    const ofA = machine.console.filter(line => /\bcaisson: slot A$/.test(line)).length;
    return [
      ...(await runsFrom(machine, 'B')),
      fact(ofA === 3, `slot A was tried ${ofA} times, in ${machine.boots} boots`),
      fact(!machine.console.some(line => /ready: .* slot A\b/.test(line)), 'it never served from the damaged slot'),
    ];
  },
};

export const rootBeyondCorrection = claim({
  name: 'root-beyond-correction',
  promise: () => 'With a block of the root of slot A damaged beyond correction it ends up on slot B by itself.',
  damage: async disk => beyondCorrection(rootOf(disk, 'A'), 0),
  ...ENDS_ON_B,
});

export const hashTreeDestroyed = claim({
  name: 'hash-tree-destroyed',
  promise: () => 'With the hash tree of slot A destroyed, and the correction with it, it ends up on slot B by itself.',
  damage: async disk => {
    const { tree, fec } = rootOf(disk, 'A');
    // What follows the superblock.
    return [overwritten({ start: tree.start + BLOCK, end: tree.end }), overwritten(fec)];
  },
  ...ENDS_ON_B,
});

export const superblockDestroyed = claim({
  name: 'superblock-destroyed',
  promise: () => 'With the superblock of dm-verity of slot A destroyed it ends up on slot B by itself.',
  damage: async disk => {
    const { tree } = rootOf(disk, 'A');
    return [overwritten({ start: tree.start, end: tree.start + BLOCK })];
  },
  ...ENDS_ON_B,
});
