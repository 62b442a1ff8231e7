import { readFile } from 'node:fs/promises';
import type { Bytes } from '../../formats/bytes.ts';
import type { DiskMap, Extent } from '../../formats/disk-map.ts';
import { extentLength } from '../../disk/windows.ts';
import type { StoredDiskMap } from '../disk.ts';
import type { Artifact } from '../stage.ts';

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

/** Where a file that has the disk in it as it is holds data: [start, length], for its digest. */
export function mapExtents(map: DiskMap): [Bytes, Bytes][] {
  return map.extents.map(extent => [extent.start, extentLength(extent)]);
}
