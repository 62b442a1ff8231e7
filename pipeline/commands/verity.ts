/** caisson verity: whether an image checks its root against the hash tree, told and switched in the selector's state. */
import { openImage, type DiskImage } from '../disk/read.ts';
import { patchImage } from '../disk/patch.ts';
import type { Switch } from '../formats/declaration.ts';
import { codeOf } from '../engine/files.ts';
import { FormatFault } from '../formats/fault.ts';
import { decodeGpt } from '../formats/gpt-read.ts';
import { decodeGrubenv, encodeGrubenv, findGrubenv, GRUBENV_BYTES, GRUBENV_WITHIN } from '../formats/grubenv.ts';
import type { Bytes } from '../formats/bytes.ts';
import { SELECTOR_MARK, VERITY_QUESTION } from '../stages/selector/grub.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { imageFile } from './image/file.ts';

export interface VerityOptions {
  /** A file, or the name of an image that was built. */
  image: string;
  /** Output folder of builds. */
  images: string;
  /** Null: only tell. */
  to: Switch | null;
}

/** The state of the selector, as one partition has it. */
interface StateCopy {
  partition: string;
  /** The partition on the disk; half open. */
  holder: { start: Bytes; end: Bytes };
  /** Of the block, on the disk. */
  start: Bytes;
  variables: Readonly<Record<string, string>>;
}

export async function verity(context: CommandContext, { image: name, images, to }: VerityOptions): Promise<ExitCode> {
  const file = await imageFile(name, images);
  const image = await openImage(file);
  try {
    const copies = await readStates(file, image);
    const { variables } = copies.find(each => (each.variables.ORDER ?? '') !== '') ?? copies[0];
    const before = (await isEnforced(image, copies)) ? 'enforced' : verityOf(variables);
    if (to !== null && before === 'enforced')
      throw new UsageFault(
        `${file}: verification of its root is enforced, and no state switches it off`,
        'build the image with `verifiedBoot: on` where it is to be switched',
      );
    if (to !== null) await switchTo(to, { file, image, copies, variables });
    const now = to ?? before;
    const partitions = copies.map(each => each.partition);
    if (context.json) context.print(`${JSON.stringify({ file, verity: now, before, partitions }, null, 2)}\n`);
    else
      context.print(
        `${file}: the root is ${now === 'off' ? 'not ' : ''}verified${now === before ? '' : ' from now on'}${now === 'enforced' ? '; that is enforced' : ''}\n`,
      );
    return 0;
  } finally {
    await image.close();
  }
}

/** As the selector reads it. */
function verityOf({ VERITY }: StateCopy['variables']): Switch | 'enforced' {
  return VERITY === 'off' || VERITY === 'enforced' ? VERITY : 'on';
}

/**
 * Whatever the state says: a selector that does not ask starts a kernel that verifies. It is looked for as text in the
 * partitions that hold a state.
 */
async function isEnforced(image: DiskImage, copies: readonly StateCopy[]): Promise<boolean> {
  for (const { holder } of copies) {
    const bytes = Buffer.from(await image.read(holder.start, Math.min(MOST_SELECTOR, holder.end - holder.start)));
    if (bytes.includes(SELECTOR_MARK)) return !bytes.includes(VERITY_QUESTION);
  }
  return false;
}

const MOST_SELECTOR: Bytes = 64 * 2 ** 20;

/** In order of their place; the selector takes the first with an ORDER. Throws UsageFault for an image without any. */
async function readStates(file: string, image: DiskImage): Promise<[StateCopy, ...StateCopy[]]> {
  const { partitions } = await decodeGpt(image.read, image.size, image.sectorSize);
  const found: StateCopy[] = [];
  for (const { name, start, end } of partitions) {
    const head = await image.read(start, Math.min(GRUBENV_WITHIN, end - start));
    const at = findGrubenv(head);
    if (at === null) continue;
    const variables = decodeGrubenv(head.subarray(at, at + GRUBENV_BYTES));
    found.push({ partition: name, holder: { start, end }, start: start + at, variables });
  }
  const [first, ...others] = found;
  if (first === undefined)
    throw new UsageFault(
      `${file} has no selector whose state could say whether its root is verified`,
      'caisson inspect tells what stands in its partitions',
    );
  return [first, ...others];
}

async function switchTo(
  to: Switch,
  {
    file,
    image,
    copies,
    variables,
  }: { file: string; image: DiskImage; copies: StateCopy[] } & Pick<StateCopy, 'variables'>,
): Promise<void> {
  const damage = image.vhdx?.faults ?? [];
  if (damage.length > 0)
    throw new FormatFault(`${file} is damaged: ${damage.join('; ')}`, 'build it again, or copy it again');
  const bytes = encodeGrubenv({ ...variables, VERITY: to });
  const parts = copies.map(({ start }) => ({ start, bytes }));
  await patchImage(file, image, parts).catch(error => {
    throw ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))
      ? new UsageFault(`${file} cannot be written`, 'check who owns it, and its mode')
      : error;
  });
}
