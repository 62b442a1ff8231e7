/** What an image says of itself: its declaration, read out of its root file system. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DiskImage } from '../../disk/read.ts';
import { FormatFault } from '../../formats/fault.ts';
import { DECLARATION_PATH, type Declaration } from '../../formats/declaration.ts';
import { decodeDeclaration } from '../../formats/declaration-read.ts';
import type { GptPartition } from '../../formats/gpt.ts';
import { partitionTypeName } from '../../formats/guid.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { contentOf } from './place.ts';
import { openPartitionFiles } from './partition-files.ts';

export interface OpenImage {
  /** Host path. */
  file: string;
  image: DiskImage;
  partitions: readonly GptPartition[];
}

export interface ReadingOptions extends Pick<CommandContext, 'environment' | 'signal' | 'emit'> {
  /** Host path of the tools tree. */
  tools: string;
  /** Host folder for copies. */
  scratch: string;
}

/**
 * Of the first root partition that has one: an empty slot has none. Throws UsageFault for an image without, FormatFault
 * for one that is damaged, or of another format.
 */
export async function readDeclaration(opened: OpenImage, options: ReadingOptions): Promise<Declaration> {
  for (const partition of opened.partitions.filter(isRoot)) {
    const text = await declarationText(opened, partition, options);
    if (text !== null) return decodeDeclaration(text);
  }
  throw new UsageFault(
    `${opened.file} does not say what it is: no root partition of it holds ${DECLARATION_PATH}`,
    'give an image that this Caisson has built; build one of an older one again',
  );
}

/** More than this is no declaration. */
const LONGEST = 2 ** 20;

function isRoot({ type }: GptPartition): boolean {
  return /^root-(?!.*verity)/.test(partitionTypeName(type) ?? '');
}

async function declarationText(
  { file, image }: OpenImage,
  partition: GptPartition,
  options: ReadingOptions,
): Promise<string | null> {
  const content = await contentOf(image, partition);
  if (content instanceof FormatFault) throw new FormatFault(`${partition.name}: ${content.message}`, content.hint);
  if (typeof content === 'string') return null;
  const files = await openPartitionFiles(image, partition, { ...options, file, filesystem: content.type });
  const target = path.join(options.scratch, 'declaration');
  try {
    const [entry] = await files.list(DECLARATION_PATH);
    if (entry?.type !== 'file' || entry.bytes > LONGEST) return null;
    await files.extract(DECLARATION_PATH, target);
    return await readFile(target, 'utf8');
  } catch (error) {
    // The path leads nowhere.
    if (error instanceof UsageFault) return null;
    throw error;
  } finally {
    await rm(target, { force: true });
  }
}
