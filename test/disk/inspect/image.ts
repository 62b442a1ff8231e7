/** Disks in memory with real file systems on them (test/formats/made), and EFI programs with command lines of the test's. */
import { writeFile } from 'node:fs/promises';
import type { FileAccess } from '../../../pipeline/disk/inspect/partition.ts';
import type { DiskImage } from '../../../pipeline/disk/read.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { encodeGpt, type GptPartition } from '../../../pipeline/formats/gpt.ts';
import { PARTITION_TYPES } from '../../../pipeline/formats/guid.ts';
import { made } from '../../formats/made.ts';

export const MIB = 2 ** 20;

/** Of the verity fixture, as veritysetup said. */
export const ROOT_HASH = '0c1ee4e492bf1d1b71a935940c245ed98cfe4a9f8707534b5091184da72e36c2';
export const HASH_OFFSET = 8192;
export const TREE_END = 16_384;

export interface Part {
  name: string;
  type?: keyof typeof PARTITION_TYPES;
  size?: number;
  content?: Uint8Array;
}

/** A raw disk, partitions one after the other from 1 MiB; those without a size have their content's, in whole MiB. */
export function diskOf(parts: readonly Part[]): { bytes: Uint8Array; partitions: GptPartition[] } {
  let end = MIB;
  const partitions = parts.map(({ name, type = 'linux', size, content }, index): GptPartition => {
    const start = end;
    end += size ?? Math.ceil((content?.length ?? 1) / MIB) * MIB;
    const uuid = `a1b2c3d4-1111-4222-8333-0123456789${(index + 16).toString(16)}`;
    return { number: index + 3, name, type: PARTITION_TYPES[type], uuid, start, end, attributes: [] };
  });
  const bytes = new Uint8Array(end + MIB);
  const diskGuid = '0f1e2d3c-4b5a-4697-8877-665544332211';
  const gpt = encodeGpt({ size: bytes.length, sectorSize: 512, diskGuid, partitions });
  bytes.set(gpt.primary);
  bytes.set(gpt.backup, gpt.backupStart);
  parts.forEach(({ content }, index) => {
    if (content !== undefined) bytes.set(content, partitions[index]?.start);
  });
  return { bytes, partitions };
}

/** As disk/read.ts opens a raw file. */
export function rawImage(bytes: Uint8Array): DiskImage {
  return {
    format: 'raw',
    size: bytes.length,
    fileSize: bytes.length,
    sectorSize: 512,
    vhdx: null,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length)
        throw new FormatFault(`[${offset}, ${offset + length}) is not inside a disk of ${bytes.length} bytes`, '');
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** The UKI fixture with other command lines: of profiles 0 and 2, and of profile 1. */
export function ukiWith(base: string, night: string): Uint8Array {
  const bytes = made('uki');
  const view = new DataView(bytes.buffer);
  const coff = view.getUint32(60, true);
  const table = coff + 24 + view.getUint16(coff + 20, true);
  for (const [index, text] of [
    [3, base],
    [10, night],
  ] as const) {
    const encoded = new TextEncoder().encode(text);
    if (encoded.length > 512) throw new Error('the section has room for 512 bytes');
    const place = view.getUint32(table + 40 * index + 20, true);
    bytes.fill(0, place, place + 512).set(encoded, place);
    view.setUint32(table + 40 * index + 8, encoded.length, true);
  }
  return bytes;
}

/** FAT partitions by name -> path -> content. A name that is not listed cannot be read. */
export function filesOf(
  partitions: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>,
  scratch: string,
): FileAccess {
  return {
    scratch,
    open: async ({ name }) => {
      const files = partitions[name];
      if (files === undefined) throw new FormatFault(`mdir cannot read its vfat`, '');
      const folders = (path: string): string[] => path.split('/').slice(1, -1);
      return {
        list: async folder => {
          const depth = folder === '/' ? 0 : folder.split('/').length - 1;
          const below = Object.keys(files).filter(path => folder === '/' || path.startsWith(`${folder}/`));
          const inside = below.filter(path => folders(path).length > depth).map(path => folders(path)[depth] ?? '');
          const base = folder === '/' ? '' : folder;
          const none = { mode: null, uid: null, gid: null, modified: null, target: null };
          return [
            ...[...new Set(inside)].map(name => ({
              ...none,
              path: `${base}/${name}`,
              type: 'directory' as const,
              bytes: 0,
            })),
            ...below
              .filter(path => folders(path).length === depth)
              .map(path => ({ ...none, path, type: 'file' as const, bytes: files[path]?.length ?? 0 })),
          ];
        },
        extract: async (path, target) => writeFile(target, files[path] ?? ''),
      };
    },
  };
}
