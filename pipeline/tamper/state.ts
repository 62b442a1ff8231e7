/** The selector's state: which slot and profile a flipped bit of it would start. */
import { readExtents, type FatFile } from '../formats/fat-files.ts';
import { GRUBENV_BYTES } from '../formats/grubenv.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { selectorStart, type SelectorStart } from './selector-start.ts';
import { slotName, type BootPartition, type TamperSubject } from './subject.ts';
import { flipped, shifted, type Flip, type Judgement, type Stratum } from './trial.ts';

const STATE_PATH = '/EFI/CAISSON/GRUBENV';
/** More is no state. */
export const MOST_STATE = 16 * GRUBENV_BYTES;

/** The state file of a partition that holds one. */
export function stateFile({ layout }: Pick<BootPartition, 'layout'>): FatFile | null {
  return layout.files.find(({ path }) => path === STATE_PATH) ?? null;
}

export async function stateStratum(subject: TamperSubject): Promise<Stratum> {
  const judge = async (flip: Flip): Promise<Judgement> =>
    judgeState(subject, await readBlocks(subject, flipped(subject.read, flip)));
  const places = subject.boots.flatMap(boot => {
    const start = boot.partition.start;
    const extents = stateFile(boot)?.extents ?? [];
    return extents.map(each => ({ start: start + each.start, end: start + each.end, judge, check: null }));
  });
  return { name: 'selector state', places, unprotected: '' };
}

/** What the image starts as it is. */
export async function startAsIs(subject: TamperSubject): Promise<SelectorStart> {
  return startOf(subject, await readBlocks(subject, subject.read));
}

/** With these blocks instead of those that the image has. */
export async function judgeState(subject: TamperSubject, blocks: readonly (Uint8Array | null)[]): Promise<Judgement> {
  const [before, after] = [await startAsIs(subject), startOf(subject, blocks)];
  const judgement = (outcome: Judgement['outcome'], why: string): Judgement => ({ outcome, why, expect: null });
  if (after.slot === null) return judgement('refused', 'no slot is good any more; the machine restarts');
  if (before.verified && !after.verified)
    return judgement('unprotected', 'the state says VERITY=off, and this image lets it');
  if (after.slot !== before.slot) return judgement('fell back', `slot ${after.slot} is started`);
  if (after.copy !== before.copy)
    return judgement(
      'fell back',
      after.copy === null ? 'no state can be read: the defaults are taken' : 'another copy of the state is taken',
    );
  return judgement('harmless', 'the same slot and profile are started');
}

/** In the selector's order, which is that of the partitions. */
export async function readBlocks({ boots }: TamperSubject, read: ReadAt): Promise<(Uint8Array | null)[]> {
  const blocks: (Uint8Array | null)[] = [];
  for (const boot of boots) {
    const file = stateFile(boot);
    if (file !== null) blocks.push(await readExtents(shifted(read, boot.partition.start), file.extents, MOST_STATE));
  }
  return blocks;
}

function startOf(subject: TamperSubject, blocks: readonly (Uint8Array | null)[]): SelectorStart {
  const { partitions, filled, switchable } = subject;
  const named = partitions.flatMap(({ slot }) => (slot === null ? [] : [slot])).sort();
  const slots = named.length === 0 ? partitions.slice(0, 1).map(slotName) : [...new Set(named)];
  return selectorStart(blocks, { slots, filled, switchable });
}
