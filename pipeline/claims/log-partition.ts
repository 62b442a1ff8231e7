/** Where an image keeps its logs: the partition of their own, when it has one. */
import type { Declaration, DeclaredPartition } from '../formats/declaration.ts';

/** Writable, of no slot, mounted, and not the store of the overlays; null for images that have none. */
export function logPartition({ partitions, overlays }: Declaration): DeclaredPartition | null {
  const found = partitions.find(
    each =>
      each.filesystem === 'ext4' &&
      each.slot === null &&
      each.content !== overlays?.content &&
      each.mount !== '' &&
      each.mount !== '/' &&
      !each.mountFlags.includes('ro'),
  );
  return found ?? null;
}

/** Is what is changed there after the next boot? Not where overlays are in memory. */
export function keepsChanges(declaration: Declaration): boolean {
  return declaration.overlays === null || storePartition(declaration) !== null;
}

/** The partition that the overlays are stored on; null for images without, and for those whose overlays are in memory. */
export function storePartition({ partitions, overlays }: Declaration): DeclaredPartition | null {
  return partitions.find(each => each.content === overlays?.content) ?? null;
}
