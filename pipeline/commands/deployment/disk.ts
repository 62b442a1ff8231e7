/** A new disk as a file, in the format that its name tells; every id in it is drawn at random. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { writeRaw, writeVhd, writeVhdx } from '../../disk/write.ts';
import { timed } from '../../engine/timed.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { DiskMap } from '../../formats/disk-map.ts';
import { vhdSizeFault } from '../../formats/vhd.ts';
import { UsageFault, type CommandContext } from '../context.ts';

export type DiskFormat = 'vhdx' | 'vhd' | 'raw';

const FORMATS: Readonly<Record<string, DiskFormat>> = { '.vhdx': 'vhdx', '.vhd': 'vhd', '.raw': 'raw', '.img': 'raw' };
const BLOCK: Bytes = 2 ** 20;

/** By the extension; `fallback` for a name without one. Throws UsageFault for another extension. */
export function formatOf(file: string, fallback: DiskFormat): DiskFormat {
  const extension = path.extname(file).toLowerCase();
  const format = extension === '' ? fallback : FORMATS[extension];
  if (format !== undefined) return format;
  throw new UsageFault(
    `${file}: no disk with the extension ${extension} is made here`,
    `allowed are ${Object.keys(FORMATS).join(', ')}; qemu-img convert makes others of a .raw`,
  );
}

/** Throws UsageFault for a disk that the format cannot hold. */
export function mustHold(format: DiskFormat, { size, sectorSize }: { size: Bytes; sectorSize: Bytes }): void {
  if (format !== 'vhd') return;
  if (sectorSize !== 512)
    throw new UsageFault(`a VHD has sectors of 512 bytes, this disk of ${sectorSize}`, 'name a .vhdx or a .raw');
  const fault = vhdSizeFault(size);
  if (fault !== null) throw new UsageFault(fault.message, 'give smaller sizes, or name a .vhdx');
}

/** Writes the map to the host path `target`, dynamic where the format knows that. Returns the id of a VHDX or VHD. */
export async function writeDisk(
  map: DiskMap,
  { target, format, emit, signal }: { target: string; format: DiskFormat } & Pick<CommandContext, 'emit' | 'signal'>,
): Promise<string | null> {
  const task = { id: 'disk', summary: `the disk, as ${format}` };
  const onProgress = (done: Bytes, total: Bytes): void =>
    emit({ type: 'progress', id: task.id, fraction: total === 0 ? 1 : done / total, detail: '' });
  const options = { signal, onProgress };
  const id = randomUUID();
  return timed(task, { emit, signal }, async () => {
    if (format === 'raw') await writeRaw(map, target, options);
    else if (format === 'vhd')
      await writeVhd(map, target, { ...options, uniqueId: id, epoch: Math.floor(Date.now() / 1000) });
    else
      await writeVhdx(map, target, {
        ...options,
        fileWriteGuid: randomUUID(),
        dataWriteGuid: randomUUID(),
        diskId: id,
        creator: 'Caisson',
        fixed: false,
        blockSize: BLOCK,
      });
    return { value: format === 'raw' ? null : id, detail: '' };
  });
}
