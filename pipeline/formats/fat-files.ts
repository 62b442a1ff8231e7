/**
 * Where the files of a FAT file system stand: directories and cluster chains. Microsoft's "FAT: General Overview of
 * On-Disk Format" 1.03, "FAT Directory Structure" and "Long Directory Entries".
 */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { decodeFatGeometry, type FatGeometry } from './filesystem/fat.ts';
import { entryAt } from './filesystem/fat-table.ts';
import { readFully, viewOf, type ReadAt } from './read-at.ts';

const BOOT_SECTOR = 512;
const ENTRY = 32;
const ATTRIBUTE = { volumeId: 0x08, directory: 0x10, longName: 0x0f } as const;
const DELETED = 0xe5;
/** Where a long name's entry has its 13 UTF-16 units. */
const LONG_NAME_PARTS = [
  [1, 11],
  [14, 26],
  [28, 32],
] as const;
/** A boot partition has a handful; damage can make a directory hold itself. */
const MOST_DIRECTORIES = 256;
const MOST_TABLE: Bytes = 2 ** 26;
const MOST_DIRECTORY: Bytes = 2 ** 21;

/** Half open, from the start of the partition. */
export interface Extent {
  start: Bytes;
  end: Bytes;
}

export interface FatFile {
  /** Upper case, as FAT compares names: `/EFI/BOOT/BOOTX64.EFI`. Of both its names the long one, where it has one. */
  path: string;
  size: Bytes;
  /** In the order of its bytes; as long as it is, without what is left of the last cluster. */
  extents: Extent[];
}

export interface FatLayout {
  files: FatFile[];
  /** Boot sector, tables, directories: what is read to find a file. */
  system: Extent[];
}

/** Throws FormatFault for what is no FAT, and for chains and directories that lead nowhere. */
export async function readFatLayout(read: ReadAt): Promise<FatLayout> {
  const boot = await readFully(read, 'the boot sector', { offset: 0, length: BOOT_SECTOR });
  const geometry = boot[510] === 0x55 && boot[511] === 0xaa ? decodeFatGeometry(boot) : null;
  if (geometry === null) throw damaged('no boot sector of FAT');
  const length = Math.ceil(((geometry.clusters + 2) * geometry.bits) / 8);
  if (length > MOST_TABLE) throw damaged(`FAT of ${length} bytes`);
  const table = viewOf(await readFully(read, 'the FAT', { offset: geometry.start, length }));
  const layout: FatLayout = { files: [], system: [{ start: 0, end: geometry.dataStart }] };
  const root = geometry.rootCluster === null ? [fixedRoot(geometry)] : chain(geometry, table, geometry.rootCluster);
  const folders: { path: string; extents: Extent[] }[] = [{ path: '', extents: root }];
  for (let next = 0; next < folders.length; next += 1) {
    if (next === MOST_DIRECTORIES) throw damaged(`more than ${MOST_DIRECTORIES} directories`);
    const { path, extents } = folders[next] ?? { path: '', extents: [] };
    // The fixed root directory of FAT12 and FAT16 stands among the tables.
    layout.system.push(...extents.filter(({ start }) => start >= geometry.dataStart));
    for (const { name, isFolder, cluster, size } of entriesOf(await readExtents(read, extents, MOST_DIRECTORY))) {
      const own = cluster === 0 ? [] : chain(geometry, table, cluster);
      if (isFolder) folders.push({ path: `${path}/${name}`, extents: own });
      else layout.files.push({ path: `${path}/${name}`, size, extents: upTo(own, size) });
    }
  }
  return layout;
}

/** The bytes of extents, joined. Throws FormatFault for more than `most`. */
export async function readExtents(read: ReadAt, extents: readonly Extent[], most: Bytes): Promise<Uint8Array> {
  const length = extents.reduce((sum, { start, end }) => sum + end - start, 0);
  if (length > most) throw damaged(`${length} bytes where ${most} are the most`);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { start, end } of extents) {
    bytes.set(await readFully(read, 'a file', { offset: start, length: end - start }), at);
    at += end - start;
  }
  return bytes;
}

function fixedRoot({ root }: FatGeometry): Extent {
  return { start: root.offset, end: root.offset + root.length };
}

/** Clusters that follow one another are one extent. */
function chain({ bits, clusters, clusterSize, dataStart }: FatGeometry, table: DataView, first: number): Extent[] {
  const extents: Extent[] = [];
  const endMark = 2 ** Math.min(bits, 28) - 8;
  let count = 0;
  for (let cluster = first; cluster < endMark; cluster = entryAt(table, cluster, bits)) {
    count += 1;
    if (cluster < 2 || cluster >= clusters + 2 || count > clusters)
      throw damaged(`a chain leads to cluster ${cluster}`);
    const start = dataStart + (cluster - 2) * clusterSize;
    const last = extents.at(-1);
    if (last?.end === start) last.end += clusterSize;
    else extents.push({ start, end: start + clusterSize });
  }
  return extents;
}

function upTo(extents: readonly Extent[], size: Bytes): Extent[] {
  const cut: Extent[] = [];
  let left = size;
  for (const { start, end } of extents) {
    if (left > 0) cut.push({ start, end: Math.min(end, start + left) });
    left -= end - start;
  }
  if (left > 0) throw damaged(`a file of ${size} bytes has clusters for ${size - left}`);
  return cut;
}

interface Entry {
  name: string;
  isFolder: boolean;
  cluster: number;
  size: Bytes;
}

/** Parts of a long name stand before their entry, the last part first; each has the checksum of the short name. */
function entriesOf(bytes: Uint8Array): Entry[] {
  const found: Entry[] = [];
  let parts: { text: string; sum: number }[] = [];
  for (let at = 0; at + ENTRY <= bytes.length && bytes[at] !== 0; at += ENTRY) {
    const entry = bytes.subarray(at, at + ENTRY);
    const attributes = entry[11] ?? 0;
    if (entry[0] !== DELETED && (attributes & 0x3f) === ATTRIBUTE.longName) {
      parts.unshift({ text: longPart(entry), sum: entry[13] ?? 0 });
      continue;
    }
    const short = shortName(entry);
    const sum = checksumOf(entry);
    const long = parts.length > 0 && parts.every(each => each.sum === sum) ? parts.map(each => each.text).join('') : '';
    parts = [];
    if (entry[0] === DELETED || (attributes & ATTRIBUTE.volumeId) !== 0 || short === '.' || short === '..') continue;
    const view = viewOf(entry);
    found.push({
      name: (long === '' ? short : long).toUpperCase(),
      isFolder: (attributes & ATTRIBUTE.directory) !== 0,
      cluster: view.getUint16(26, true) + view.getUint16(20, true) * 2 ** 16,
      size: view.getUint32(28, true),
    });
  }
  return found;
}

function longPart(entry: Uint8Array): string {
  const units = LONG_NAME_PARTS.map(([from, to]) => Buffer.from(entry.subarray(from, to)).toString('utf16le')).join('');
  return units.split('\0')[0] ?? '';
}

function shortName(entry: Uint8Array): string {
  const text = Buffer.from(entry.subarray(0, 11)).toString('latin1');
  const [base, extension] = [text.slice(0, 8).trimEnd(), text.slice(8).trimEnd()];
  return extension === '' ? base : `${base}.${extension}`;
}

function checksumOf(entry: Uint8Array): number {
  return entry.subarray(0, 11).reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged vfat: ${what}`, 'check it with its fsck, or copy the image again');
}
