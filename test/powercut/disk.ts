/** A disk in memory with two slots, as an update finds it, and the parts of the version that it puts into slot B. */
import { inspectImage } from '../../pipeline/disk/inspect.ts';
import { readFatLayout } from '../../pipeline/formats/fat-files.ts';
import { encodeGrubenv } from '../../pipeline/formats/grubenv.ts';
import type { GptPartition } from '../../pipeline/formats/gpt.ts';
import { readCutSubject, type CutSubject } from '../../pipeline/powercut/subject.ts';
import { diskOf, HASH_OFFSET, MIB, rawImage, ROOT_HASH, TREE_END } from '../disk/inspect/image.ts';
import { made, spyOn } from '../formats/made.ts';
import { FEC_ROOT_HASH } from '../tamper/programs.ts';

export const STATE = { ORDER: 'A B', VERITY: 'on', A_OK: '1', A_TRY: '1', B_OK: '0', B_TRY: '0' };
export const UPDATED = { ...STATE, ORDER: 'B A', B_OK: '1' };

/** What a command line asks of each version's root, and that root: `verity` and `fec-2` of the fixtures. */
export const OLD_ROOT = { asks: `caisson.roothash=${ROOT_HASH} caisson.hash_offset=${HASH_OFFSET}`, end: TREE_END };
export const NEW_ROOT = {
  asks: `caisson.roothash=${FEC_ROOT_HASH} caisson.hash_offset=${300 * 4096} caisson.fec_roots=2`,
  end: made('fec-2').length,
};

export interface CutDisk {
  bytes: Uint8Array;
  partitions: readonly GptPartition[];
  /** Where a partition of that name starts. */
  at(name: string): number;
  subject(): Promise<CutSubject>;
}

/** Slot A has the old version, slot B nothing. Each selector is a boot partition of its own. */
export async function cutDisk(): Promise<CutDisk> {
  const { bytes, partitions } = diskOf([
    { name: 'ReefA', type: 'esp', content: await selector(), size: MIB },
    { name: 'HullA', type: 'esp', content: await kernel(OLD_ROOT.asks), size: MIB },
    { name: 'SandA', type: 'root-x86-64', content: made('verity'), size: 2 * MIB },
    { name: 'ReefB', type: 'esp', content: await selector(), size: MIB },
    { name: 'HullB', type: 'esp', size: MIB },
    { name: 'SandB', type: 'root-x86-64', size: 2 * MIB },
    { name: 'Shells', content: made('ext4'), size: 4 * MIB },
  ]);
  const at = (name: string): number => {
    const found = partitions.find(each => each.name === name);
    if (found === undefined) throw new Error(`no partition ${name}`);
    return found.start;
  };
  const image = rawImage(bytes);
  return {
    bytes,
    partitions,
    at,
    subject: async () => readCutSubject(image.read, (await inspectImage(image, 'not here')).partitions),
  };
}

/** A boot partition whose kernel starts slot A, or B by another profile. */
export async function kernel(asks: string, other = asks): Promise<Uint8Array> {
  // Its state's file has another name: a selector is what has one.
  const bytes = renamed(made('esp'), 'GRUBENV ', 'OTHERENV');
  await setCommandLine(bytes, { section: 3, text: `${asks} caisson.slot=A` });
  await setCommandLine(bytes, { section: 10, text: `${other} caisson.slot=B` });
  return bytes;
}

/** Where the state's file stands in `selector`, which has one block. */
export const STATE_AT = 24_576;

async function selector(): Promise<Uint8Array> {
  const bytes = made('esp');
  bytes.set(encodeGrubenv(STATE), STATE_AT);
  return bytes;
}

function renamed(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1').replaceAll(from, to);
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** Of the kernel in a boot partition: sections have room for 512 bytes. */
async function setCommandLine(boot: Uint8Array, { section, text }: { section: number; text: string }): Promise<void> {
  const { files } = await readFatLayout(spyOn(boot).read);
  const extents = files.find(({ path }) => path.endsWith('/SLOT.EFI'))?.extents ?? [];
  const program = Buffer.concat(extents.map(({ start, end }) => boot.subarray(start, end)));
  const coff = program.readUInt32LE(60);
  const header = coff + 24 + program.readUInt16LE(coff + 20) + 40 * section;
  const place = program.readUInt32LE(header + 20);
  program.fill(0, place, place + 512).write(text, place);
  program.writeUInt32LE(text.length, header + 8);
  let done = 0;
  for (const { start, end } of extents) {
    boot.set(program.subarray(done, done + end - start), start);
    done += end - start;
  }
}
