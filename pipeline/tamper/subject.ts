/** An image as the strata see it: what stands where, and what a machine would do with it. */
import type { Bytes } from '../formats/bytes.ts';
import { readFatLayout, type FatLayout } from '../formats/fat-files.ts';
import { partitionLabel, type InspectedPartition, type InspectedProfile } from '../formats/inspection.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { shifted } from './trial.ts';

export interface TamperSubject {
  /** Of the virtual disk; kept to what the image is when nothing is flipped. */
  read: ReadAt;
  size: Bytes;
  sectorSize: Bytes;
  partitions: readonly InspectedPartition[];
  /** FAT partitions that hold EFI programs, with where their files stand. */
  boots: BootPartition[];
  /** Slots whose kernel and root are both there. */
  filled: string[];
  /** A profile starts an unverified root when it is asked to: `caisson verity off`. */
  switchable: boolean;
}

export interface BootPartition {
  partition: InspectedPartition;
  layout: FatLayout;
}

/** Of a sound image, as `inspectImage` found it. Throws FormatFault for a boot partition that cannot be read. */
export async function readSubject(
  disk: { read: ReadAt; size: Bytes; sectorSize: Bytes },
  partitions: readonly InspectedPartition[],
): Promise<TamperSubject> {
  const boots: BootPartition[] = [];
  for (const partition of partitions)
    if ((partition.efi ?? []).length > 0)
      boots.push({ partition, layout: await readFatLayout(shifted(disk.read, partition.start)) });
  const profiles = profilesOf(partitions);
  return {
    ...disk,
    partitions,
    boots,
    filled: filledSlots(partitions),
    switchable: profiles.some(({ cmdline }) => (cmdline ?? '').split(/\s+/).includes('caisson.verity=off')),
  };
}

/** The selector of an image of one slot calls it A. */
export function slotName({ slot }: InspectedPartition): string {
  return slot ?? 'A';
}

/** Another slot would be tried when the partition's own does not start. */
export function hasOtherSlot({ filled }: TamperSubject, partition: InspectedPartition): boolean {
  return filled.some(slot => slot !== slotName(partition));
}

function isUkiPartition({ efi }: InspectedPartition): boolean {
  return (efi ?? []).some(({ program }) => program?.kind === 'uki');
}

/** Root partitions that a kernel command line asks for by their hash, with that hash. */
export function verifiedRoots({ partitions }: TamperSubject): { partition: InspectedPartition; rootHash: string }[] {
  const asked = new Map(
    profilesOf(partitions).flatMap(({ root }) =>
      (root?.partitions ?? []).map(label => [label, root?.hash ?? ''] as const),
    ),
  );
  return partitions.flatMap(partition => {
    const rootHash = asked.get(partitionLabel(partition));
    return rootHash === undefined || partition.verity === null ? [] : [{ partition, rootHash }];
  });
}

function profilesOf(partitions: readonly InspectedPartition[]): InspectedProfile[] {
  return partitions.flatMap(({ efi }) => (efi ?? []).flatMap(({ program }) => program?.profiles ?? []));
}

function filledSlots(partitions: readonly InspectedPartition[]): string[] {
  const kernels = partitions.filter(isUkiPartition).map(slotName);
  const roots = partitions.filter(({ verity, filesystem }) => verity !== null && filesystem !== null).map(slotName);
  return [...new Set(kernels)].filter(slot => roots.includes(slot));
}
