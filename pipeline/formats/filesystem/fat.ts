/**
 * FAT12, FAT16 and FAT32: Microsoft's "FAT: General Overview of On-Disk Format" 1.03 (fatgen103), whose field names
 * follow. The kind is told as Linux does, by the 16-bit size of the FAT: mkfs.fat makes FAT32 of few clusters too.
 */
import type { Bytes } from '../bytes.ts';
import { fieldText } from '../field-text.ts';
import { type ReadAt, readFully, viewOf } from '../read-at.ts';
import { countFree, type FatTable } from './fat-table.ts';
import { damagedFilesystem, type DecodeFilesystem } from './filesystem.ts';

const BOOT_SECTOR = 512;
/** Entries of the root directory that are looked at for the label. */
const ROOT_BYTES: Bytes = 2 ** 15;
const ENTRY = 32;
const ATTRIBUTE = { volumeId: 0x08, directory: 0x10, longName: 0x0f } as const;

export interface FatGeometry extends FatTable {
  clusterSize: Bytes;
  size: Bytes;
  /** Of cluster 2. */
  dataStart: Bytes;
  /** FAT32 alone has its root directory in clusters: the first of them. */
  rootCluster: number | null;
  root: { offset: Bytes; length: Bytes };
}

export const decodeFat: DecodeFilesystem = async ({ read, head }) => {
  if (head.length < BOOT_SECTOR || head[510] !== 0x55 || head[511] !== 0xaa) return null;
  const geometry = decodeFatGeometry(head);
  if (geometry === null) return null;
  const extended = geometry.bits === 32 ? 64 : 36;
  const hasNames = head[extended + 2] === 0x29;
  const { free, faults } = await countFree(read, geometry);
  const dirty = ((head[extended + 1] ?? 0) & 1) === 1;
  const serial = viewOf(head)
    .getUint32(extended + 3, true)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0');
  const fieldLabel = hasNames ? labelOf(head.subarray(extended + 7, extended + 18)) : '';
  return {
    type: 'vfat',
    variant: `FAT${geometry.bits}`,
    uuid: hasNames ? `${serial.slice(0, 4)}-${serial.slice(4)}` : null,
    label: (await rootLabel(read, geometry)) ?? fieldLabel,
    blockSize: geometry.clusterSize,
    size: geometry.size,
    used: free === null ? null : geometry.size - free * geometry.clusterSize,
    free: free === null ? null : free * geometry.clusterSize,
    compression: [],
    made: null,
    faults: [...new Set([...(dirty ? ['not unmounted cleanly'] : []), ...faults])],
  };
};

/** The BIOS parameter block. Null when this boot sector is of another kind; FormatFault when only its name says FAT. */
export function decodeFatGeometry(boot: Uint8Array): FatGeometry | null {
  const view = viewOf(boot);
  const named =
    /^FAT(12|16|32)? /.test(fieldText(boot.subarray(54, 62))) || fieldText(boot.subarray(82, 90)) === 'FAT32   ';
  const refuse = (what: string): null => {
    if (named) throw damagedFilesystem('vfat', what);
    return null;
  };
  const [sectorSize, perCluster] = [view.getUint16(11, true), boot[13] ?? 0];
  const [reserved, copies, rootEntries] = [view.getUint16(14, true), boot[16] ?? 0, view.getUint16(17, true)];
  const total = view.getUint16(19, true) || view.getUint32(32, true);
  const bits32 = view.getUint16(22, true) === 0;
  const perFat = bits32 ? view.getUint32(36, true) : view.getUint16(22, true);
  if (![512, 1024, 2048, 4096].includes(sectorSize)) return refuse(`sectors of ${sectorSize} bytes`);
  if (!Number.isInteger(Math.log2(perCluster))) return refuse(`clusters of ${perCluster} sectors`);
  const rootSectors = Math.ceil((rootEntries * ENTRY) / sectorSize);
  const dataStart = reserved + copies * perFat + rootSectors;
  if (reserved === 0 || copies === 0 || perFat === 0 || dataStart >= total)
    return refuse(`${copies} FATs of ${perFat} sectors behind ${reserved}, of ${total} sectors in all`);
  const clusters = Math.floor((total - dataStart) / perCluster);
  const bits = bits32 ? 32 : clusters < 4085 ? 12 : 16;
  if (((clusters + 2) * bits) / 8 > perFat * sectorSize)
    return refuse(`FAT of ${perFat} sectors for ${clusters} clusters`);
  const clusterSize = perCluster * sectorSize;
  const root = bits32
    ? { offset: (dataStart + (view.getUint32(44, true) - 2) * perCluster) * sectorSize, length: clusterSize }
    : { offset: (reserved + copies * perFat) * sectorSize, length: rootEntries * ENTRY };
  // BPB_ExtFlags: with mirroring off, the one FAT that counts.
  const only = bits32 && (view.getUint16(40, true) & 0x80) !== 0 ? view.getUint16(40, true) & 0x0f : null;
  if (only !== null && only >= copies) return refuse(`FAT ${only + 1} of ${copies} is the active one`);
  const fat = (index: number): Bytes => (reserved + index * perFat) * sectorSize;
  const mirror = only === null && copies > 1 ? fat(1) : null;
  return {
    bits,
    start: fat(only ?? 0),
    mirror,
    clusters,
    clusterSize,
    size: total * sectorSize,
    dataStart: dataStart * sectorSize,
    rootCluster: bits32 ? view.getUint32(44, true) : null,
    root,
  };
}

/** The label in the root directory goes before that of the boot sector, which many programs leave alone. */
async function rootLabel(read: ReadAt, { root, size }: FatGeometry): Promise<string | null> {
  const length = Math.min(root.length, ROOT_BYTES);
  if (root.offset < 0 || root.offset + length > size)
    throw damagedFilesystem('vfat', 'its root directory is outside of it');
  const entries = await readFully(read, 'the root directory', { offset: root.offset, length });
  for (let at = 0; at + ENTRY <= length && entries[at] !== 0; at += ENTRY) {
    const attributes = entries[at + 11] ?? 0;
    const isLabel =
      (attributes & ATTRIBUTE.longName) === ATTRIBUTE.volumeId && (attributes & ATTRIBUTE.directory) === 0;
    if (isLabel && entries[at] !== 0xe5) return labelOf(entries.subarray(at, at + 11));
  }
  return null;
}

function labelOf(field: Uint8Array): string {
  const text = fieldText(field, 'latin1').trimEnd();
  return text === 'NO NAME' ? '' : text;
}
