/** caisson inspect: what stands in an image, by its own bytes alone, and what is wrong with it. The image is never written. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { findDocument } from '../config/places.ts';
import { inspectImage } from '../disk/inspect.ts';
import type { FileAccess } from '../disk/inspect/partition.ts';
import { type DiskImage, withImage } from '../disk/read.ts';
import { makeScratch, withCache } from '../engine/cache.ts';
import { drawInspection } from '../report/inspection.ts';
import { imageFile } from './image/file.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { inspectBundle } from './inspect/bundle.ts';
import { inspectProgram } from './inspect/program.ts';
import { openPartitionFiles } from './image/partition-files.ts';
import { manifestNames, namedToolsTree } from './tools-tree.ts';

export interface InspectOptions {
  /** An image file, or the name of an image that was built. */
  target: string;
  /** Output folder of builds. */
  out: string;
}

/** 0 for a sound image, 1 when anything is wrong with it. Throws FormatFault for a container that cannot be read. */
export async function inspect(context: CommandContext, { target, out }: InspectOptions): Promise<ExitCode> {
  const file = await imageFile(target, out);
  const single = (await inspectProgram(context, file)) ?? (await inspectBundle(context, file));
  if (single !== null) return single;
  return withCache(context, () => inspectFile(context, { target, file }));
}

async function inspectFile(
  context: CommandContext,
  { target, file }: { target: string; file: string },
): Promise<ExitCode> {
  const scratch = await makeScratch(context.environment, 'files');
  try {
    const found = await withImage(file, async image =>
      inspectImage(image, await fileAccess(context, { image, file, target, scratch })),
    );
    context.print(
      context.json
        ? `${JSON.stringify({ image: path.basename(file), ...found }, null, 2)}\n`
        : `${drawInspection(path.basename(file), found, { ...context, width: context.width ?? 100 })}\n`,
    );
    return found.faults.length === 0 ? 0 : 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The tools tree is looked for, and made, when the first FAT partition asks for it. */
async function fileAccess(
  context: CommandContext,
  { image, file, target, scratch }: { image: DiskImage; file: string; target: string; scratch: string },
): Promise<FileAccess | string> {
  const { environment, signal, project } = context;
  const names = await manifestNames(context, target);
  const { tools: name } = names;
  if ((await findDocument(context, 'manifest', name)) === null)
    return `that needs the programs of rootfs-manifests/${name}.yaml, and ${project} has none`;
  let tree: Promise<string> | null = null;
  return {
    scratch,
    open: async partition => {
      tree ??= namedToolsTree(context, names);
      const options = { file, filesystem: 'vfat' as const, tools: await tree, environment, scratch, signal };
      return openPartitionFiles(image, partition, options);
    },
  };
}
