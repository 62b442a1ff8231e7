/** A full disk, told in one line: which, how much is needed, how much is free. */
import { statfs } from 'node:fs/promises';
import { field, type ResolvedPackage } from '../debian/stanza.ts';
import { roundSize, type Bytes } from '../formats/bytes.ts';
import { BuildFault } from './fault.ts';
import { codeOf } from './files.ts';
import { ProcessFailure } from './run.ts';

export interface Need {
  /** Who needs the room: a step, the tools tree. */
  what: string;
  needed: Bytes;
  /** It installs packages: into a tmpfs (engine/sandbox.ts). */
  unpacks: boolean;
  /** The folders that it writes to, each with what to do when that one is full. */
  places: readonly { folder: string; remedy: string }[];
}

/** Less than this is as good as nothing: a program that lacks one block does not always say what ails it. */
const NOTHING: Bytes = 256 * 2 ** 10;

/** A BuildFault when the error comes from a full disk; otherwise the error as it is. */
export async function explainFullDisk(error: unknown, { what, needed, unpacks, places }: Need): Promise<unknown> {
  if (!(error instanceof ProcessFailure) && !(error instanceof Error && codeOf(error) !== '')) return error;
  const rooms = await Promise.all(places.map(async place => ({ ...place, ...(await roomOf(place.folder)) })));
  const [least] = rooms.toSorted((a, b) => a.free - b.free);
  if (least === undefined || !(saysFull(error) || least.free < NOTHING)) return error;
  if (unpacks && error instanceof ProcessFailure && least.free > needed)
    return new BuildFault(
      `the memory is full: ${what} unpacks up to ${roundSize(needed)} into a tmpfs, which may take half of it`,
      'give this machine more memory, or install fewer packages; what was complete is not lost',
    );
  return new BuildFault(
    `the disk is full: ${what} needs up to ${roundSize(needed)}; ${roundSize(least.free)} of ${roundSize(least.size)} are free in ${least.folder}`,
    `free some room (caisson cache prune), or ${least.remedy}; what was complete is not lost`,
  );
}

export const CACHE_REMEDY = 'name another cache folder in CAISSON_CACHE';

/** Unpacked once and once as a tar, with the packages themselves; Installed-Size counts KiB (deb-control(5)). */
export function installedRoom(packages: readonly ResolvedPackage[]): Bytes {
  // A package unpacks to about four times its size; some without control text yet do not say.
  const unpacked = ({ stanza, bytes }: ResolvedPackage): Bytes =>
    stanza === '' ? 4 * bytes : 1024 * Number(field(stanza, 'Installed-Size'));
  return packages.reduce((sum, each) => sum + 2 * unpacked(each) + each.bytes, 0);
}

function saysFull(error: Error): boolean {
  if (!(error instanceof ProcessFailure)) return ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
  // A page of a mapped file that finds no room on the disk ends the program with SIGBUS.
  return error.killedBy === 'SIGBUS' || error.output.some(line => /no space left|disk quota exceeded/i.test(line));
}

async function roomOf(folder: string): Promise<{ free: Bytes; size: Bytes }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}
