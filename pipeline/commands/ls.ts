/** caisson ls: the partitions of an image, or files in one of them. The image is never mounted or written. */
import path from 'node:path';
import type { DiskImage } from '../disk/read.ts';
import { FormatFault } from '../formats/fault.ts';
import type { GptPartition } from '../formats/gpt.ts';
import { partitionTypeName } from '../formats/guid.ts';
import { drawFiles, drawPartitions } from '../report/files.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { contentOf, withPlace, withTable, type ImagePlace } from './image/place.ts';

export interface LsOptions extends Omit<ImagePlace, 'place'> {
  /** `PARTITION:PATH`; null for the partitions themselves. */
  place: string | null;
  recursive: boolean;
}

export async function ls(context: CommandContext, { image, out, place, recursive }: LsOptions): Promise<ExitCode> {
  if (place === null) await listPartitions(context, { image, out });
  else await listFiles(context, { image, out, place, recursive });
  return 0;
}

async function listPartitions(context: CommandContext, options: Omit<ImagePlace, 'place'>): Promise<void> {
  await withTable(context, options, async ({ image, file, partitions }) => {
    const rows = [];
    for (const partition of partitions) rows.push(await describe(image, partition));
    if (context.json) {
      context.print(`${JSON.stringify({ image: path.basename(file), partitions: rows }, null, 2)}\n`);
      return;
    }
    context.print(`${drawPartitions(rows, context)}\n`);
  });
}

async function describe(image: DiskImage, partition: GptPartition) {
  const { number, name, type, start, end } = partition;
  const found = await contentOf(image, partition);
  const [fault, content] =
    found instanceof FormatFault
      ? [found.message, 'damaged']
      : [null, typeof found === 'string' ? NONE[found] : found.variant];
  const filesystem = found instanceof FormatFault || typeof found === 'string' ? null : found.type;
  return { number, name, typeName: partitionTypeName(type), filesystem, content, fault, start, size: end - start };
}

const NONE = { empty: 'none (empty)', unknown: 'none known here' } as const;

async function listFiles(
  context: CommandContext,
  { recursive, ...where }: ImagePlace & Pick<LsOptions, 'recursive'>,
): Promise<void> {
  await withPlace(context, where, async ({ partition, filesystem, path: wanted, files }) => {
    const entries = await (recursive ? files.walk(wanted) : files.list(wanted));
    if (context.json) {
      const { number, name } = partition;
      const document = { partition: { number, name, filesystem: filesystem.type }, path: wanted, entries };
      context.print(`${JSON.stringify(document, null, 2)}\n`);
      return;
    }
    context.print(
      entries.length === 0 ? 'This folder is empty.\n' : `${drawFiles(entries, { ...context, paths: recursive })}\n`,
    );
  });
}
