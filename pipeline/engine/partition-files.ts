/** Files of a partition, read without mounting it and without root: by the programs of the tools tree. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Inode } from '../formats/inode.ts';
import type { FileEntry, PartitionTree } from '../formats/partition-files.ts';
import { openErofs } from './partition-files/erofs.ts';
import { openExt4 } from './partition-files/ext4.ts';
import { readContents, type Contents } from './partition-files/contents.ts';
import { damagedVolume, PathFault, tornFile } from './partition-files/fault.ts';
import { volumePrograms, type ProgramsOptions } from './partition-files/programs.ts';
import type { OpenReader, Reader } from './partition-files/reader.ts';
import type { Volume } from './partition-files/volume.ts';
import { join, resolvePath, type Located, type Lookup } from './partition-files/resolve.ts';
import { openSquashfs } from './partition-files/squashfs.ts';
import { mustFit } from './partition-files/room.ts';
import { openVfat } from './partition-files/vfat.ts';

const OPENERS: Readonly<Record<Volume['filesystem'], OpenReader>> = {
  erofs: openErofs,
  ext4: openExt4,
  vfat: openVfat,
  squashfs: openSquashfs,
};

/**
 * Links in the middle of a path are followed, inside the partition; `extract` follows one at its end too. Methods
 * throw PathFault for paths that lead nowhere, FormatFault for damage, BuildFault where there is no room for a file,
 * and the reason of `signal`.
 */
export async function readVolume(volume: Volume, options: ProgramsOptions): Promise<PartitionTree> {
  const programs = volumePrograms(volume, options);
  const reader = await OPENERS[volume.filesystem](volume, programs);
  const lookup = lookupOf(reader);
  return {
    list: async wanted => {
      const found = await resolvePath(lookup, wanted, { followLast: false });
      if (found.inode.type !== 'directory') return [entryOf(found)];
      return sorted(within(found, await lookup.children(found.inode.id)));
    },
    walk: async wanted => {
      const found = await resolvePath(lookup, wanted, { followLast: false });
      return found.inode.type === 'directory' ? walk(found, reader, { volume, ...options }) : [entryOf(found)];
    },
    extract: async (wanted, target) => {
      const found = await resolvePath(lookup, wanted, { followLast: true });
      if (found.inode.type !== 'file') throw noFile(found, wanted);
      await mustFit(found.inode.bytes, { what: found.path, folder: path.dirname(target) });
      await reader.extract(found.inode, target);
      await mustBeWhole(found, target, volume);
    },
    contents: async () => {
      const entries = await walk({ inode: lookup.root, path: '/' }, reader, { volume, ...options });
      const extract: Contents['extract'] = async (wanted, target) =>
        reader.extract((await resolvePath(lookup, wanted, { followLast: false })).inode, target);
      return readContents(entries, { ...options, volume, programs, unpacking: reader.unpack, extract });
    },
  };
}

/** Each folder is asked for once, however often paths lead through it. */
function lookupOf({ root, caseless, children }: Reader): Lookup {
  const asked = new Map<string, Promise<Inode[]>>();
  return {
    // It has no name, and nobody asks for its owner.
    root: {
      name: '',
      id: root,
      type: 'directory',
      mode: null,
      uid: null,
      gid: null,
      bytes: 0,
      modified: null,
      target: null,
    },
    caseless,
    children: async folder => {
      const known = asked.get(folder) ?? children([folder]).then(([inodes = []]) => inodes);
      asked.set(folder, known);
      return known;
    },
  };
}

/** Level by level, so that a program is asked for many folders at once. */
async function walk(
  start: Located,
  reader: Reader,
  { volume, signal }: { volume: Volume; signal: AbortSignal },
): Promise<FileEntry[]> {
  const all: Located[] = [];
  const seen = new Set([start.inode.id]);
  for (let level = [start]; level.length > 0;) {
    signal.throwIfAborted();
    const held = await reader.children(level.map(each => each.inode.id));
    const found = level.flatMap((folder, index) => within(folder, held[index] ?? []));
    for (const each of found) all.push(each);
    level = found.filter(each => each.inode.type === 'directory');
    for (const { inode, path: folder } of level) {
      if (seen.has(inode.id)) throw damagedVolume(volume, 'Caisson', `the folder ${folder} has two places`);
      seen.add(inode.id);
    }
  }
  return sorted(all);
}

function within(folder: Located, inodes: readonly Inode[]): Located[] {
  return inodes.map(inode => ({ inode, path: join(folder.path, inode.name) }));
}

/** By the bytes of their names, each folder before what it holds. */
function sorted(found: readonly Located[]): FileEntry[] {
  return found
    .map(each => ({ entry: entryOf(each), key: Buffer.from(each.path.replaceAll('/', '\0')) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ entry }) => entry);
}

function entryOf({ inode, path }: Located): FileEntry {
  const { type, mode, uid, gid, bytes, modified, target } = inode;
  return { path, type, mode, uid, gid, bytes, modified, target };
}

function noFile({ inode, path }: Located, wanted: string): PathFault {
  const folder = inode.type === 'directory';
  return new PathFault(
    `${wanted} is ${folder ? 'a folder' : 'a device, pipe or socket'}, which has no content`,
    folder ? `caisson ls shows what ${path} holds` : 'name a file, or a link to one',
  );
}

/** Programs that meet a damaged block may end with 0 all the same. */
async function mustBeWhole({ inode, path }: Located, target: string, volume: Volume): Promise<void> {
  const { size } = await stat(target);
  if (size === inode.bytes) return;
  throw tornFile(volume, { path, bytes: inode.bytes, got: size });
}
