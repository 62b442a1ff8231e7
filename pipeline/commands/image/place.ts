/** `RootFSA:/etc` of an image, as users write it -> the partition, and its files. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { listed, nearest } from '../../config/nearest.ts';
import { withImage, type DiskImage } from '../../disk/read.ts';
import { makeScratch, withCache } from '../../engine/cache.ts';
import { FormatFault } from '../../formats/fault.ts';
import { decodeFilesystem, isEmpty } from '../../formats/filesystem/decode.ts';
import type { Filesystem } from '../../formats/filesystem/filesystem.ts';
import { decodeGpt } from '../../formats/gpt-read.ts';
import type { GptPartition } from '../../formats/gpt.ts';
import type { PartitionTree } from '../../formats/partition-files.ts';
import { plainText } from '../../report/text.ts';
import { imageFile } from './file.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { openPartitionFiles } from './partition-files.ts';
import { toolsTree } from '../tools-tree.ts';

export interface ImagePlace {
  /** A file, or the name of an image that was built. */
  image: string;
  /** Output folder of builds. */
  out: string;
  /** `PARTITION:PATH`; PARTITION is a GPT name or a number. */
  place: string;
}

export interface OpenedPlace {
  partition: GptPartition;
  filesystem: Filesystem;
  /** From the root of the partition; `/` when the place names none. */
  path: string;
  files: PartitionTree;
  /** Host folder for copies; gone afterwards. */
  scratch: string;
}

/** What stands in a partition: a file system, or why none can be read. */
export type Content = Filesystem | 'empty' | 'unknown' | FormatFault;

/** Opens the place for as long as `use` takes. Throws UsageFault for a place that is not there. */
export async function withPlace<T>(
  context: CommandContext,
  { image: name, out, place }: ImagePlace,
  use: (opened: OpenedPlace) => Promise<T>,
): Promise<T> {
  const { environment, signal, emit } = context;
  return withTable(context, { image: name, out }, async ({ image, file, partitions }) => {
    const { partition, path } = findPlace(place, { partitions, file });
    const filesystem = mustHaveFiles(partition, await contentOf(image, partition));
    for (const fault of filesystem.faults)
      emit({ type: 'warning', message: `${titleOf(partition)}: ${fault}`, hint: 'what is shown may be out of date' });
    return withCache(context, async () => {
      const tools = await toolsTree(context, name);
      const scratch = await makeScratch(environment, 'files');
      try {
        const options = { file, filesystem: filesystem.type, tools, environment, scratch, signal, emit };
        const files = await openPartitionFiles(image, partition, options);
        return await use({ partition, filesystem, path, files, scratch });
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    });
  });
}

/** Opens an image and reads its partition table; what is wrong with either is told as a warning. */
export async function withTable<T>(
  { emit }: Pick<CommandContext, 'emit'>,
  { image: name, out }: Pick<ImagePlace, 'image' | 'out'>,
  use: (opened: { image: DiskImage; file: string; partitions: GptPartition[] }) => Promise<T>,
): Promise<T> {
  const file = await imageFile(name, out);
  return withImage(file, async image => {
    const table = await decodeGpt(image.read, image.size, image.sectorSize);
    for (const message of [...(image.vhdx?.faults ?? []), ...table.faults])
      emit({ type: 'warning', message, hint: '' });
    return use({ image, file, partitions: table.partitions });
  });
}

/** Reads superblocks only. */
export async function contentOf(
  image: DiskImage,
  { start, end }: Pick<GptPartition, 'start' | 'end'>,
): Promise<Content> {
  const room = end - start;
  const read: DiskImage['read'] = async (offset, length) => image.read(start + offset, length);
  try {
    return (await decodeFilesystem(read, room)) ?? ((await isEmpty(read, room)) ? 'empty' : 'unknown');
  } catch (error) {
    if (error instanceof FormatFault) return error;
    throw error;
  }
}

function mustHaveFiles(partition: GptPartition, content: Content): Filesystem {
  const title = titleOf(partition);
  if (content instanceof FormatFault) throw new FormatFault(`${title}: ${content.message}`, content.hint);
  if (typeof content !== 'string') return content;
  throw new UsageFault(
    content === 'empty' ? `${title} is empty: it has no file system` : `${title} has no file system that is known here`,
    'caisson ls IMAGE shows which partitions have one: erofs, ext4, squashfs or vfat',
  );
}

/** Names go before numbers. A name may have a colon of its own: the longest that fits is meant. */
function findPlace(
  place: string,
  { partitions, file }: { partitions: readonly GptPartition[]; file: string },
): { partition: GptPartition; path: string } {
  const isMeant = (label: string): boolean => label !== '' && (place === label || place.startsWith(`${label}:`));
  const length = Math.max(0, ...partitions.filter(each => isMeant(each.name)).map(each => each.name.length));
  const byName = partitions.filter(each => isMeant(each.name) && each.name.length === length);
  const found = byName.length > 0 ? byName : partitions.filter(each => isMeant(String(each.number)));
  const [partition, twin] = found;
  if (partition === undefined) throw noPartition(place, { partitions, file });
  if (twin !== undefined)
    throw new UsageFault(
      `${found.length} partitions of ${path.basename(file)} are called "${plainText(partition.name)}"`,
      `name it by its number: ${found.map(each => each.number).join(' or ')}`,
    );
  const label = byName.length > 0 ? partition.name : String(partition.number);
  return { partition, path: place.slice(label.length + 1) || '/' };
}

function noPartition(
  place: string,
  { partitions, file }: { partitions: readonly GptPartition[]; file: string },
): UsageFault {
  const [wanted = ''] = place.split(':');
  const names = partitions.map(titleOf);
  const near = nearest(wanted, names);
  const all = partitions.length === 0 ? 'there is none' : `there are ${listed(names)}`;
  return new UsageFault(
    plainText(`no partition "${wanted}" in ${path.basename(file)}`),
    plainText(`${near === null ? '' : `did you mean "${near}"? `}${all}; write PARTITION:PATH`),
  );
}

function titleOf({ name, number }: GptPartition): string {
  return name === '' ? String(number) : plainText(name);
}
