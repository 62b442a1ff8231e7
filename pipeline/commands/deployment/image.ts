/** The image that a deployment is made from: opened, told by its declaration, and refused unless it is as it was built. */
import { openImage, type DiskImage } from '../../disk/read.ts';
import type { DeclaredPartition, Declaration } from '../../formats/declaration.ts';
import { FormatFault } from '../../formats/fault.ts';
import { readExt4Use } from '../../formats/filesystem/ext4.ts';
import { decodeGpt } from '../../formats/gpt-read.ts';
import type { GptPartition } from '../../formats/gpt.ts';
import { PARTITION_TYPES } from '../../formats/guid.ts';
import { plainText } from '../../report/text.ts';
import { UsageFault } from '../context.ts';
import { readDeclaration, type OpenImage, type ReadingOptions } from '../image/declaration.ts';
import { contentOf } from '../image/place.ts';

/** A partition whose file system each deployment gets anew. */
export interface OwnPartition extends GptPartition {
  declared: DeclaredPartition;
}

export interface DeploymentImage extends OpenImage {
  declaration: Declaration;
  /** Log, Data, and whatever else is written to and held nothing when it was built. */
  own: OwnPartition[];
  data: OwnPartition;
  log: OwnPartition | null;
}

/** Opens the image for as long as `use` takes, for reading alone. Throws UsageFault for one that no copy can be made of. */
export async function withDeploymentImage<T>(
  file: string,
  options: ReadingOptions,
  use: (image: DeploymentImage) => Promise<T>,
): Promise<T> {
  const image = await asUsage(file, async () => openImage(file));
  try {
    return await use(await asUsage(file, async () => describeImage(file, image, options)));
  } finally {
    await image.close();
  }
}

/** Whatever is wrong with the image was given by the user. */
async function asUsage<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    const message = error.message.includes(file) ? error.message : `${file}: ${error.message}`;
    throw new UsageFault(plainText(message), plainText(error.hint));
  }
}

async function describeImage(file: string, image: DiskImage, options: ReadingOptions): Promise<DeploymentImage> {
  const { partitions, faults } = await decodeGpt(image.read, image.size, image.sectorSize);
  const damage = [...(image.vhdx?.faults ?? []), ...faults];
  if (damage.length > 0)
    throw new FormatFault(
      `${file} is damaged: ${damage.join('; ')}`,
      'build it again, or copy it again; caisson inspect tells more',
    );
  const opened = { file, image, partitions };
  const declaration = await readDeclaration(opened, options);
  const own: OwnPartition[] = [];
  for (const declared of declaration.partitions.filter(isWritten)) {
    const partition = findPartition(opened, declared.name);
    const isKept = declared.mount !== '' && !isData(declared, declaration) && !isLog(declared);
    if (await holdsNothing(opened, { partition, isKept })) own.push({ ...partition, declared });
  }
  const data = own.find(each => isData(each.declared, declaration));
  if (data === undefined)
    throw new FormatFault(
      `${file} has no partition for data, so it cannot be told who may log in`,
      'give its layout `overlays:` and an ext4 partition with that content, or use a seed disk: caisson seed',
    );
  return { ...opened, declaration, own, data, log: own.find(each => isLog(each.declared)) ?? null };
}

/** By the running system, and no update brings it. */
function isWritten({ filesystem, slot, mountFlags }: DeclaredPartition): boolean {
  return filesystem === 'ext4' && slot === null && !mountFlags.includes('ro');
}

function isData({ content, type }: DeclaredPartition, { overlays }: Declaration): boolean {
  return overlays === null ? type === PARTITION_TYPES['caisson-data'] : content === overlays.content;
}

function isLog({ type }: DeclaredPartition): boolean {
  return type === PARTITION_TYPES['caisson-log'];
}

function findPartition({ file, partitions }: OpenImage, name: string): GptPartition {
  const [found, twin] = partitions.filter(each => each.name === name);
  if (found === undefined || twin !== undefined)
    throw new FormatFault(
      `${file} has ${found === undefined ? 'no partition' : 'two partitions'} "${name}", though it says that it has one`,
      'build the image again, or copy it again',
    );
  return found;
}

/** False for one that keeps what was put there when it was built. Throws when something would be lost. */
async function holdsNothing(
  { file, image }: OpenImage,
  { partition, isKept }: { partition: GptPartition; isKept: boolean },
): Promise<boolean> {
  const { name, start } = partition;
  const content = await contentOf(image, partition);
  if (content === 'empty') return true;
  if (content instanceof FormatFault) throw new FormatFault(`${name}: ${content.message}`, content.hint);
  if (content === 'unknown' || content.type !== 'ext4')
    throw new FormatFault(
      `${name} of ${file} holds no ext4, though the image says that it does`,
      'build the image again, or copy it again',
    );
  const { mounted, files } = await readExt4Use(async (offset, length) => image.read(start + offset, length));
  if (mounted)
    throw new FormatFault(
      `${file} has run: its ${name} was mounted, and the copy would lose what was written there`,
      'give the image as it was built',
    );
  if (files === 0) return true;
  if (isKept) return false;
  throw new FormatFault(
    `${name} of ${file} holds files already, which the copy would lose`,
    'give the image as it was built: a copy that was provisioned is one deployment, not the source of another',
  );
}
