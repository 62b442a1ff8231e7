/** What an image holds, in memory: the file itself is replaced by the next build. And what is other in that. */
import path from 'node:path';
import { readBlockDigests } from '../../disk/block-digests.ts';
import { withImage } from '../../disk/read.ts';
import { differentBlocks, type DifferentBlocks, type PartitionBlocks } from '../../formats/difference/blocks.ts';
import { compareSnapshots, type Difference, type Snapshot } from '../../formats/difference.ts';
import type { CommandContext } from '../context.ts';
import { readImageSnapshot } from '../diff/snapshot.ts';

export interface Held {
  snapshot: Snapshot;
  blocks: PartitionBlocks[];
}

/** Of the disk as a whole, and of what its file systems hold. */
export interface DiskChange {
  partitions: DifferentBlocks[];
  difference: Difference;
}

/** `tools` is the host path of the tools tree, `name` what the reader is told. Throws UsageFault, FormatFault. */
export async function readHeld(
  context: CommandContext,
  { file, name, tools }: { file: string; name: string; tools: string },
): Promise<Held> {
  // Messages about the image are for those who look into it; this one was made a moment ago.
  const quiet = { ...context, emit: () => undefined };
  const target = { kind: 'image', name, file, folder: path.dirname(file), built: null } as const;
  // Side by side: one computes, the other waits for programs. When one fails the other ends first, and clears away.
  const [blocks, read] = await Promise.allSettled([
    withImage(file, async each => readBlockDigests(each, context.signal)),
    readImageSnapshot(quiet, target, tools),
  ]);
  if (blocks.status === 'rejected') throw blocks.reason;
  if (read.status === 'rejected') throw read.reason;
  const { image, ...snapshot } = read.value;
  // Only releases know their kernel's configuration; that it is not known would stand in every comparison.
  const known = image === null ? null : { ...image, kernelConfig: image.kernelConfig ?? '' };
  return { snapshot: { ...snapshot, image: known }, blocks: blocks.value };
}

export function compareHeld(before: Held, after: Held): DiskChange {
  return {
    partitions: differentBlocks(before.blocks, after.blocks),
    difference: compareSnapshots(before.snapshot, after.snapshot),
  };
}
