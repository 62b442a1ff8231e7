/** What stands in a slot: a kernel that asks for the root beside it, and a digest of either. */
import { createHash } from 'node:crypto';
import type { Bytes } from '../formats/bytes.ts';
import { readExtents, readFatLayout, type Extent } from '../formats/fat-files.ts';
import { FormatFault } from '../formats/fault.ts';
import { decodeFilesystem } from '../formats/filesystem/decode.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { decodeEfiProgram, type UkiProfile } from '../formats/uki.ts';
import { decodeVerity, fecEnd } from '../formats/verity.ts';
import { shifted } from '../tamper/trial.ts';
import type { CutSlot } from './subject.ts';

/** The first bytes of a partition. */
export interface Payload {
  bytes: Bytes;
  /** Hexadecimal. */
  sha256: string;
}

export interface SlotContent {
  rootHash: string;
  boot: Payload;
  root: Payload;
}

const KERNEL = '/EFI/CAISSON/SLOT.EFI';
const MOST_KERNEL: Bytes = 2 ** 29;
const WINDOW: Bytes = 4 * 2 ** 20;

/** A text says why the slot would not start. */
export async function readSlot(read: ReadAt, { name, boot, root }: CutSlot): Promise<SlotContent | string> {
  try {
    const wanted = await wantedRoot(shifted(read, boot.start), name);
    const found = await foundRoot(shifted(read, root.start), wanted, root.end - root.start);
    return {
      rootHash: wanted.hash,
      boot: await payload(read, boot, await bootBytes(read, boot)),
      root: await payload(read, root, found),
    };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return `slot ${name}: ${error.message}`;
  }
}

/** The digest of the first bytes of a part of the disk. Throws FormatFault when it has not so many. */
export async function payload(read: ReadAt, { start, end }: Extent, bytes: Bytes): Promise<Payload> {
  if (bytes > end - start) throw unfit(`${bytes} bytes where ${end - start} are`);
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += WINDOW) hash.update(await read(start + at, Math.min(WINDOW, bytes - at)));
  return { bytes, sha256: hash.digest('hex') };
}

/** What the kernel's command line says of the root: parameters of stages/uki.ts. */
interface WantedRoot {
  hash: string;
  hashOffset: Bytes;
  /** Parity bytes in 255; 0 for no FEC. */
  fecRoots: number;
}

/** All profiles that start this slot must ask for the same root. */
async function wantedRoot(read: ReadAt, slot: string): Promise<WantedRoot> {
  const { files } = await readFatLayout(read);
  const file = files.find(({ path }) => path === KERNEL);
  if (file === undefined) throw unfit(`no ${KERNEL}`);
  const bytes = await readExtents(read, file.extents, MOST_KERNEL);
  const { kind, profiles } = await decodeEfiProgram(
    async (offset, length) => bytes.subarray(offset, offset + length),
    bytes.length,
  );
  if (kind !== 'uki') throw unfit(`${KERNEL} is no kernel`);
  const own = profiles.filter(each => words(each).includes(`caisson.slot=${slot}`));
  const [first, ...others] = (own.length === 0 ? profiles : own).map(rootOf);
  if (first === undefined) throw unfit(`${KERNEL} starts nothing`);
  if (others.some(({ hash }) => hash !== first.hash)) throw unfit('profiles of its kernel ask for different roots');
  return first;
}

/** The end of what the slot uses of its root partition. */
async function foundRoot(read: ReadAt, { hash, hashOffset, fecRoots }: WantedRoot, room: Bytes): Promise<Bytes> {
  const verity = await decodeVerity(read, { offset: hashOffset, room });
  if (verity === null) throw unfit('no hash tree where its kernel looks for it');
  if (verity.rootHash !== hash) throw unfit(`root hash ${verity.rootHash}, its kernel asks for ${hash}`);
  return fecRoots === 0 ? verity.tree.end : fecEnd(verity, { start: verity.tree.end, roots: fecRoots });
}

async function bootBytes(read: ReadAt, { start, end }: Extent): Promise<Bytes> {
  const found = await decodeFilesystem(shifted(read, start), end - start);
  return found?.size ?? end - start;
}

function rootOf(profile: UkiProfile): WantedRoot {
  const value = (name: string): string | undefined =>
    words(profile)
      .findLast(word => word.startsWith(`${name}=`))
      ?.slice(name.length + 1);
  const [hash, offset] = [value('caisson.roothash'), value('caisson.hash_offset')];
  if (hash === undefined || offset === undefined) throw unfit('its kernel asks for no root by its hash');
  return { hash, hashOffset: Number(offset), fecRoots: Number(value('caisson.fec_roots') ?? 0) };
}

function words({ cmdline }: UkiProfile): string[] {
  return (cmdline ?? '').split(/\s+/);
}

function unfit(what: string): FormatFault {
  return new FormatFault(what, '');
}
