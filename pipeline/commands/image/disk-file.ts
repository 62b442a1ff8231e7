/** What QEMU must be told of a file that holds a disk. */
import { withImage } from '../../disk/read.ts';
import type { DiskFile } from '../../engine/machine/guest-machine.ts';
import { UsageFault } from '../context.ts';

/** Throws UsageFault for what QEMU reads not, and FormatFault for what is no disk. */
export async function diskFile(file: string): Promise<DiskFile> {
  const { format, sectorSize } = await withImage(file, async image => ({
    format: image.format,
    sectorSize: image.sectorSize,
  }));
  // QEMU 10.0: "Operation not supported".
  if (format === 'vhdx' && sectorSize !== 512)
    throw new UsageFault(
      `QEMU reads no VHDX with sectors of ${sectorSize} bytes, as ${file} has`,
      'use the raw form: caisson build NAME --format raw makes out/NAME/NAME.raw',
    );
  return { path: file, format, logicalSectorSize: sectorSize };
}
