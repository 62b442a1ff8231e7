/** What the stage and the file of each format agree on. */
import type { WriteOptions } from '../../disk/write.ts';
import { OptionFault, type BuildContext } from '../stage.ts';

export const CONTAINER_FORMATS = ['vhdx', 'raw', 'vhd', 'qcow2', 'vmdk'] as const;
export type ContainerFormat = (typeof CONTAINER_FORMATS)[number];

export interface ContainerOptions {
  format: ContainerFormat;
  subformat?: 'dynamic' | 'fixed' | 'streamOptimized' | 'monolithicSparse';
  blockSize?: string;
  compression?: 'none' | 'zlib' | 'zstd';
}

/** The package with qemu-img: only the formats that it writes have it in their keys. */
export const QEMU_TOOLS = ['qemu-utils'] as const;

/** Faults of options that another format has; `taken` are those of this one. */
export function onlyOptions(options: ContainerOptions, taken: readonly (keyof ContainerOptions)[]): void {
  const odd = (['subformat', 'blockSize', 'compression'] as const).find(
    name => options[name] !== undefined && !taken.includes(name),
  );
  if (odd !== undefined)
    throw new OptionFault(
      odd,
      `format ${options.format} has no ${odd}`,
      taken.length === 0 ? 'leave it out' : `leave it out; it has ${taken.join(', ')}`,
    );
}

/** `subformat`, when it is one of those that the format has; the first of them when there is none. */
export function subformatOf<Name extends string>(options: ContainerOptions, known: readonly [Name, ...Name[]]): Name {
  const { format, subformat = known[0] } = options;
  const found = known.find(each => each === subformat);
  if (found !== undefined) return found;
  throw new OptionFault('subformat', `format ${format} has no subformat "${subformat}"`, `it has ${known.join(', ')}`);
}

/** Refuses sectors of 4096 bytes for a format that cannot say them. */
export function onlySmallSectors(format: ContainerFormat, layout: { name: string; sectorSize: number }): void {
  if (layout.sectorSize === 512) return;
  throw new OptionFault(
    'format',
    `layout "${layout.name}" has sectors of ${layout.sectorSize} bytes, which ${format === 'vhd' ? 'a VHD' : 'a VMDK'} cannot have`,
    'give the layout `sectorSize: "512"`, or take format vhdx, raw or qcow2',
  );
}

/** What the writers of pipeline/disk get from a step. */
export function writeOptions({ signal, progress }: Pick<BuildContext, 'signal' | 'progress'>): WriteOptions {
  return { signal, onProgress: (done, total) => progress(total === 0 ? 1 : done / total, '') };
}
