/** Which partitions the initrd mounts, for what must be there before systemd: overlays, direct directories, identity. Pure. */
import type { Layout, Partition } from '../config/types.ts';

/** What a rootfs must know of a partition. */
export type Mounted = Pick<Partition, 'name' | 'content' | 'slot' | 'mount' | 'mountFlags' | 'filesystem'>;

/** Where the initrd mounts them, by content. */
export const MOUNTED = '/run/caisson/mounted';

/** Contents that the initrd mounts; everybody else takes them from there. */
export function earlyContents(overlays: Layout['overlays'], partitions: readonly Mounted[]): string[] {
  const spare = spareContent(overlays, partitions);
  const direct = overlays?.direct ?? [];
  return [
    ...new Set([
      ...(overlays === null || overlays.content === '' ? [] : [overlays.content]),
      ...direct.map(each => each.content),
      ...(spare === '' ? [] : [spare]),
    ]),
  ];
}

/** A second writable partition, e.g. Log: it keeps a copy of who this deployment is, for when Data cannot be read. Empty for none. */
export function spareContent(overlays: Layout['overlays'], partitions: readonly Mounted[]): string {
  // What is in memory has nothing to be kept.
  if (overlays === null || overlays.content === '') return '';
  const spare = partitions.find(
    each =>
      each.filesystem === 'ext4' &&
      each.slot === null &&
      each.mount !== '' &&
      each.content !== overlays.content &&
      !each.mountFlags.includes('ro'),
  );
  return spare?.content ?? '';
}

/** Names of the partitions that may hold the selector's state, the first one first: FATs of the slots. */
export function statePartitions(partitions: readonly Pick<Mounted, 'name' | 'slot' | 'filesystem'>[]): string[] {
  const names = partitions.filter(each => each.slot !== null && each.filesystem === 'vfat').map(each => each.name);
  return names.filter(name => /^[\w.@+=:-]+$/.test(name));
}
