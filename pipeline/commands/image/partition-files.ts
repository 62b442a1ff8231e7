/** Opens a partition of an image for ls, cat and inspect: finds or makes the linear file that its readers need. */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { copyPartition, placeInFile, presentBytes } from '../../disk/copy-partition.ts';
import type { DiskImage } from '../../disk/read.ts';
import { BuildFault } from '../../engine/fault.ts';
import { readVolume } from '../../engine/partition-files.ts';
import { PathFault } from '../../engine/partition-files/fault.ts';
import type { ProgramsOptions } from '../../engine/partition-files/programs.ts';
import type { Volume } from '../../engine/partition-files/volume.ts';
import { timed } from '../../engine/timed.ts';
import { roundSize, type Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { GptPartition } from '../../formats/gpt.ts';
import type { PartitionTree } from '../../formats/partition-files.ts';
import type { Emit } from '../../report/events.ts';
import { plainText } from '../../report/text.ts';
import { UsageFault } from '../context.ts';

export interface PartitionOptions extends ProgramsOptions {
  /** Host path of the image. */
  file: string;
  filesystem: Volume['filesystem'];
  /** Is told of long copies. */
  emit?: Emit;
}

/** A copy of less is made before anybody asks what takes so long. */
const NOTICEABLE: Bytes = 2 ** 28;

/**
 * The files of a partition. Paths that lead nowhere are a UsageFault; damage is a FormatFault, a lack of room a
 * BuildFault. What the image itself adds to their texts comes without control characters.
 * `options.scratch` is the caller's to remove.
 */
export async function openPartitionFiles(
  image: DiskImage,
  partition: Pick<GptPartition, 'name' | 'start' | 'end'>,
  options: PartitionOptions,
): Promise<PartitionTree> {
  const { start, end } = partition;
  const name = partition.name === '' ? `the partition at ${start}` : partition.name;
  if (start < 0 || end > image.size || start >= end)
    throw new FormatFault(
      `${plainText(name)} is at [${start}, ${end}) of a disk of ${image.size} bytes`,
      'the file is cut short, or its partition table is damaged',
    );
  let linear: ReturnType<Volume['linear']> | null = null;
  const volume: Volume = {
    name,
    filesystem: options.filesystem,
    read: async (offset, length) => {
      options.signal.throwIfAborted();
      const from = Math.min(start + offset, end);
      return image.read(from, Math.min(length, end - from));
    },
    linear: async () => (linear ??= linearFile(image, { name, start, end }, options)),
  };
  const tree = await guarded(name, () => readVolume(volume, options));
  return {
    list: async wanted => guarded(name, () => tree.list(wanted)),
    walk: async wanted => guarded(name, () => tree.walk(wanted)),
    extract: async (wanted, target) => guarded(name, () => tree.extract(wanted, target)),
    contents: async () => guarded(name, () => tree.contents()),
  };
}

async function linearFile(
  image: DiskImage,
  { name, start, end }: Pick<GptPartition, 'name' | 'start' | 'end'>,
  { file, scratch, signal, emit }: PartitionOptions,
): ReturnType<Volume['linear']> {
  const place = await placeInFile(image, { start, end });
  if (place !== null) return { file: path.resolve(file), offset: place };
  const [wanted, { bavail, bsize }] = [await presentBytes(image, { start, end }), await statfs(scratch)];
  if (wanted > bavail * bsize)
    throw new BuildFault(
      `to be read, the ${roundSize(wanted)} of this partition must be copied; ${scratch} has room for ${roundSize(bavail * bsize)}`,
      'free some room, or name another cache folder in CAISSON_CACHE',
    );
  const target = path.join(scratch, `partition-${start}`);
  const copy = async (onProgress: (done: Bytes) => void): Promise<void> =>
    copyPartition(image, { start, end }, { target, signal, onProgress });
  if (emit === undefined || wanted < NOTICEABLE) await copy(() => undefined);
  else await copyTold(copy, { name, wanted, emit, signal });
  return { file: target, offset: 0 };
}

async function copyTold(
  copy: (onProgress: (done: Bytes) => void) => Promise<void>,
  { name, wanted, emit, signal }: { name: string; wanted: Bytes; emit: Emit; signal: AbortSignal },
): Promise<void> {
  const id = `copy ${plainText(name)}`;
  const summary = 'the partition as a file, for the programs that read it';
  await timed({ id, summary }, { emit, signal }, async () => {
    await copy(done => emit({ type: 'progress', id, fraction: done / wanted, detail: roundSize(done) }));
    return { value: undefined, detail: roundSize(wanted) };
  });
}

async function guarded<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PathFault) throw new UsageFault(plainText(`${name}:${error.message}`), plainText(error.hint));
    if (error instanceof FormatFault) throw new FormatFault(plainText(error.message), plainText(error.hint));
    if (error instanceof BuildFault) throw new BuildFault(plainText(error.message), plainText(error.hint));
    throw error;
  }
}
