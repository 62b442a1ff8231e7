/** All files of an image with their digests, by its own bytes: what SBOM, verification and diff are made of. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { inspectImage } from '../../disk/inspect.ts';
import { withImage, type DiskImage } from '../../disk/read.ts';
import { makeScratch, withCache } from '../../engine/cache.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { ImageContents, RootContents } from '../../formats/image-contents.ts';
import { partitionLabel, type InspectedPartition, type Inspection } from '../../formats/inspection.ts';
import type { PartitionTree } from '../../formats/partition-files.ts';
import type { CommandContext } from '../context.ts';
import { readKernel } from './contents/kernel.ts';
import { recordingAccess, type ContentsOptions } from './contents/programs.ts';
import { openPartitionFiles } from './partition-files.ts';

export interface ImageAt {
  /** Host path. */
  file: string;
  /** Host path of the tools tree. */
  tools: string;
}

/** The text of a regular file of the root; null for none, and for one that is too long to be meant. */
export type RootText = (path: string) => Promise<string | null>;

/**
 * Streams: we hold names and digests alone. What the root and the initrd hold stands in a tmpfs, or in the cache folder
 * where it is much, for as long as it takes. What is wrong with tables and superblocks is in `inspection.faults`. Throws
 * FormatFault for a container or a root that cannot be read, BuildFault for a lack of room.
 */
export async function readImageContents(context: CommandContext, image: ImageAt): Promise<ImageContents> {
  return withImageContents(context, image, async contents => contents);
}

/** As readImageContents, with a reader of small files for as long as `use` takes. */
export async function withImageContents<T>(
  context: CommandContext,
  { file, tools }: ImageAt,
  use: (contents: ImageContents, textOf: RootText) => Promise<T>,
): Promise<T> {
  const { environment, signal, emit } = context;
  return withCache(context, async () => {
    const scratch = await makeScratch(environment, 'contents');
    try {
      const options = { file, tools, environment, scratch, signal, emit };
      return await withImage(file, async image => useContents(image, options, use));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

async function useContents<T>(
  image: DiskImage,
  options: ContentsOptions,
  use: (contents: ImageContents, textOf: RootText) => Promise<T>,
): Promise<T> {
  const access = recordingAccess(image, options);
  const inspection = await inspectImage(image, access);
  const opened = await openRoot(image, inspection, options);
  const root = opened === null ? null : { ...opened.about, files: await opened.tree.contents() };
  const kernel = await readKernel(inspection, root, { access, options });
  const textOf: RootText = async wanted => {
    const found = root?.files.find(each => each.path === wanted);
    if (opened === null || found?.type !== 'file' || found.bytes > LONGEST_TEXT) return null;
    const target = path.join(options.scratch, 'text');
    await opened.tree.extract(wanted, target);
    return readFile(target, 'utf8');
  };
  return use({ inspection, root, kernel, programs: access.programs }, textOf);
}

const LONGEST_TEXT: Bytes = 2 ** 22;

/** Of an empty slot there is none: its partition is passed over. */
async function openRoot(
  image: DiskImage,
  { partitions }: Inspection,
  options: ContentsOptions,
): Promise<{ about: Omit<RootContents, 'files'>; tree: PartitionTree } | null> {
  const found = partitions.find(isRoot);
  if (found?.filesystem == null) return null;
  const filesystem = found.filesystem.type;
  const tree = await openPartitionFiles(image, found, { ...options, filesystem });
  return { about: { partition: partitionLabel(found), filesystem, rootHash: found.verity?.rootHash ?? null }, tree };
}

function isRoot({ typeName, filesystem }: InspectedPartition): boolean {
  return filesystem !== null && filesystem.type !== 'vfat' && /^root-(?!.*verity)/.test(typeName ?? '');
}
