/** Blocks of two disks, partition by partition, by their digests. Pure. */
import type { Bytes } from '../bytes.ts';

/** Place on a disk, half open. */
export interface Extent {
  start: Bytes;
  end: Bytes;
}

/** Of one partition. */
export interface PartitionBlocks extends Extent {
  /** GPT name. */
  name: string;
  /** By number of the block within the partition; blocks of zeros are left out. */
  digests: ReadonlyMap<number, string>;
}

/** A partition that is new, gone, elsewhere, or holds other bytes. */
export interface DifferentBlocks {
  partition: string;
  /** Null where one of the two has none. */
  old: Extent | null;
  new: Extent | null;
  /** In blocks that are not the same. */
  bytes: Bytes;
  /** In blocks that hold anything: of the new one, or of the old one where it is gone. */
  held: Bytes;
}

/** As file systems and dm-verity count. */
export const BLOCK: Bytes = 4096;

/** In the order of the new disk, what is gone last; partitions that are the same are left out. */
export function differentBlocks(
  before: readonly PartitionBlocks[],
  after: readonly PartitionBlocks[],
): DifferentBlocks[] {
  const names = new Set([...after, ...before].map(each => each.name));
  return [...names].flatMap(partition => {
    const old = before.find(each => each.name === partition) ?? null;
    const next = after.find(each => each.name === partition) ?? null;
    const bytes = countOther(old?.digests ?? new Map(), next?.digests ?? new Map()) * BLOCK;
    if (bytes === 0 && old?.start === next?.start && old?.end === next?.end) return [];
    const held = ((next ?? old)?.digests.size ?? 0) * BLOCK;
    return [{ partition, old: extentOf(old), new: extentOf(next), bytes, held }];
  });
}

function countOther(before: ReadonlyMap<number, string>, after: ReadonlyMap<number, string>): number {
  const changed = [...after].filter(([block, digest]) => before.get(block) !== digest).length;
  const emptied = [...before.keys()].filter(block => !after.has(block)).length;
  return changed + emptied;
}

function extentOf(part: PartitionBlocks | null): Extent | null {
  return part === null ? null : { start: part.start, end: part.end };
}
