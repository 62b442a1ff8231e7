/** container: the disk as a file for a hypervisor, written once, straight from the artifacts. */
import { readFile } from 'node:fs/promises';
import { formatSize, parseSize, SIZE_PATTERN, type Bytes } from '../formats/bytes.ts';
import type { DiskMap, Extent } from '../formats/disk-map.ts';
import { seededGuid } from '../formats/guid.ts';
import { extentLength } from '../disk/windows.ts';
import { writeRaw, writeVhdx } from '../disk/write.ts';
import type { StoredDiskMap } from './disk.ts';
import { OptionFault, type Artifact, type Stage } from './stage.ts';

export const CONTAINER_FORMATS = ['vhdx', 'raw'] as const;
export type ContainerFormat = (typeof CONTAINER_FORMATS)[number];

interface Options {
  format: ContainerFormat;
  subformat?: 'dynamic' | 'fixed';
  blockSize?: string;
}

interface Resolved {
  file: string;
  format: ContainerFormat;
  fixed: boolean;
  blockSize: Bytes;
  fileWriteGuid: string;
  dataWriteGuid: string;
  diskId: string;
}

export const container: Stage<Options, Resolved, 'disk'> = {
  name: 'container',
  version: 1,
  summary: 'the disk as a VHDX or raw file, in the output folder',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['format'],
    properties: {
      format: { enum: [...CONTAINER_FORMATS], description: 'vhdx for Hyper-V; raw: the bytes of the disk, sparse.' },
      subformat: {
        enum: ['dynamic', 'fixed'],
        description: 'VHDX only. dynamic (default): only blocks that hold data; fixed: all of them.',
      },
      blockSize: {
        type: 'string',
        pattern: SIZE_PATTERN,
        description: 'VHDX only; 1 MiB (default) to 256 MiB, a power of two.',
      },
    },
  },
  inputs: { disk: 'required' },
  tools: [],
  publishes: resolved => resolved.file,

  resolve(options, image) {
    const blockSize = parseSize(options.blockSize ?? '1 MiB') ?? 0;
    if (blockSize < 2 ** 20 || blockSize > 2 ** 28 || !Number.isInteger(Math.log2(blockSize)))
      throw new OptionFault(
        'blockSize',
        `${formatSize(blockSize)} is no VHDX block size`,
        'a power of two from "1 MiB" to "256 MiB" ([MS-VHDX] 2.6.2.1)',
      );
    const guid = (name: string): string => seededGuid(image.seed, 'vhdx', name);
    return {
      file: `${image.name}.${options.format}`,
      format: options.format,
      fixed: options.subformat === 'fixed',
      blockSize,
      fileWriteGuid: guid('file write'),
      dataWriteGuid: guid('data write'),
      diskId: guid('virtual disk'),
    };
  },

  async build(resolved, { inputs, out, signal, progress }) {
    if (inputs.disk === undefined) throw new Error('no input disk');
    const map = await diskMap(inputs.disk);
    const onProgress = (done: Bytes, total: Bytes): void => progress(total === 0 ? 1 : done / total, '');
    if (resolved.format === 'raw') {
      await writeRaw(map, out, { signal, onProgress });
      return {
        format: resolved.format,
        size: map.size,
        extents: map.extents.map(extent => [extent.start, extentLength(extent)]),
      };
    }
    const { fixed, blockSize, fileWriteGuid, dataWriteGuid, diskId } = resolved;
    await writeVhdx(map, out, {
      fixed,
      blockSize,
      fileWriteGuid,
      dataWriteGuid,
      diskId,
      creator: 'Caisson',
      signal,
      onProgress,
    });
    return { format: resolved.format, size: map.size };
  },
};

/** The stored map with the artifacts' places on this machine. */
export async function diskMap(disk: Artifact): Promise<DiskMap> {
  const stored = JSON.parse(await readFile(disk.path, 'utf8')) as StoredDiskMap;
  const extents = stored.extents.map((extent): Extent => {
    if ('base64' in extent) return { start: extent.start, bytes: Buffer.from(extent.base64, 'base64') };
    const source = disk.inputs[extent.input];
    if (source === undefined) throw new Error(`the disk map names "${extent.input}", which is no input of the disk`);
    return { start: extent.start, length: extent.length, file: source.path, offset: extent.offset };
  });
  return {
    size: stored.size,
    logicalSectorSize: stored.logicalSectorSize,
    physicalSectorSize: stored.physicalSectorSize,
    extents,
  };
}
