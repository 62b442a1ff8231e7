/** The disk whose power is cut, as it was when an update began. */
import { FormatFault } from '../formats/fault.ts';
import type { Extent } from '../formats/fat-files.ts';
import { partitionLabel, type InspectedPartition } from '../formats/inspection.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { fatLayoutOf } from '../tamper/fat-layout.ts';
import { stateFile } from '../tamper/state.ts';
import { shifted } from '../tamper/trial.ts';

export interface CutSlot {
  name: string;
  /** Boot and root partition. */
  boot: InspectedPartition;
  root: InspectedPartition;
}

export interface Selector {
  partition: InspectedPartition;
  /** Where the state's file stands on the disk, in the order of its bytes. */
  state: readonly Extent[];
}

export interface CutSubject {
  partitions: readonly InspectedPartition[];
  slots: readonly CutSlot[];
  /** In the order in which firmware and selector read them. */
  selectors: readonly Selector[];
  /** What the machine writes as it runs: Log and Data. */
  filesystems: readonly InspectedPartition[];
}

/** Throws FormatFault for a disk that has no state to choose a slot by, or no two slots. */
export async function readCutSubject(read: ReadAt, partitions: readonly InspectedPartition[]): Promise<CutSubject> {
  const selectors: Selector[] = [];
  for (const partition of partitions.filter(isEfi)) {
    const layout = await fatLayoutOf(shifted(read, partition.start));
    const file = layout === null ? null : stateFile({ layout });
    if (file === null) continue;
    const state = file.extents.map(({ start, end }) => ({
      start: partition.start + start,
      end: partition.start + end,
    }));
    selectors.push({ partition, state });
  }
  if (selectors.length === 0) throw unfit('no partition holds the state of a selector');
  const bootable = partitions.filter(each => isEfi(each) && !selectors.some(({ partition }) => partition === each));
  const slots = bootable.flatMap((boot): CutSlot[] => {
    const root = partitions.find(each => each.typeName?.startsWith('root') === true && each.slot === boot.slot);
    return boot.slot === null || root === undefined ? [] : [{ name: boot.slot, boot, root }];
  });
  if (slots.length !== 2) throw unfit(`${slots.length} slots with a boot and a root partition`);
  const used = [...slots.flatMap(({ boot, root }) => [boot, root]), ...selectors.map(each => each.partition)];
  const filesystems = partitions.filter(each => each.filesystem?.type === 'ext4' && !used.includes(each));
  return { partitions, slots, selectors, filesystems };
}

/** Throws FormatFault for a name that no slot has. */
export function slotOf({ slots }: CutSubject, name: string | null): CutSlot {
  const found = slots.find(each => each.name === name);
  if (found === undefined) throw unfit(`no slot ${name ?? 'that starts'}`);
  return found;
}

/** Name of the partition that a byte of the disk is in; null for none. */
export function partitionAt({ partitions }: CutSubject, { start, end }: Extent): string | null {
  const found = partitions.find(each => each.start <= start && each.end >= end);
  return found === undefined ? null : partitionLabel(found);
}

function isEfi({ typeName }: InspectedPartition): boolean {
  return typeName === 'esp';
}

function unfit(what: string): FormatFault {
  return new FormatFault(
    `power cuts are judged on a disk with two slots and a selector: ${what}`,
    'give another image',
  );
}
