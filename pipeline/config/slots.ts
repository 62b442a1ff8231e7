/** What an update writes: the contents that stand in every slot. Pure. */
import type { Partition } from './types.ts';

/** What must be known of a partition. */
export type Slotted = Pick<Partition, 'name' | 'content' | 'slot' | 'mount' | 'filesystem'>;

/** Letters of the slots, in the order of the layout. */
export function slotsOf(partitions: readonly Pick<Slotted, 'slot'>[]): string[] {
  return [...new Set(partitions.flatMap(each => (each.slot === null ? [] : [each.slot])))];
}

/**
 * Contents of every slot, the root first. Not that of the selector, which is no part of a slot; null for a definition
 * without one. Empty where there is one slot: nothing could be updated.
 */
export function slotContents(partitions: readonly Slotted[], selector: string | null): string[] {
  const slots = slotsOf(partitions);
  if (slots.length < 2) return [];
  const contents = [...new Set(partitions.map(each => each.content))].filter(
    content => content !== selector && slots.every(slot => partitionIn(partitions, { content, slot }) !== undefined),
  );
  const root =
    contents.find(content => partitions.some(each => each.content === content && each.mount === '/')) ??
    contents.find(content => partitions.some(each => each.content === content && each.filesystem !== 'vfat'));
  return root === undefined ? contents : [root, ...contents.filter(each => each !== root)];
}

/** The partition of a slot with a content. */
export function partitionIn<P extends Pick<Slotted, 'content' | 'slot'>>(
  partitions: readonly P[],
  { content, slot }: { content: string; slot: string },
): P | undefined {
  return partitions.find(each => each.content === content && each.slot === slot);
}

/** `SLOT|CONTENT|PARTITION` of each content in each slot, for shell scripts. */
export function slotPartitions(partitions: readonly Slotted[], contents: readonly string[]): string[] {
  return slotsOf(partitions).flatMap(slot =>
    contents.map(content => [slot, content, partitionIn(partitions, { content, slot })?.name ?? ''].join('|')),
  );
}
