/** caisson show: the disk of a layout or an image, drawn to scale. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { exists, fileOf } from '../config/places.ts';
import { loadLayout } from '../config/project.ts';
import { withImage } from '../disk/read.ts';
import { decodeGpt } from '../formats/gpt-read.ts';
import { partitionTypeName } from '../formats/guid.ts';
import { drawDisk, type DrawnDisk } from '../report/draw-disk.ts';
import type { Emit } from '../report/events.ts';
import { imageFile } from './boot.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';

export async function show(
  context: CommandContext,
  { target, out }: { target: string; out: string },
): Promise<ExitCode> {
  const disk = await drawnDisk(context, target, out);
  context.print(
    context.json
      ? `${JSON.stringify(disk, null, 2)}\n`
      : `${drawDisk(disk, { ...context, width: context.width ?? 100 })}\n`,
  );
  return 0;
}

/** A layout by name or file, an image by file, or a built image by name. A layout goes before an image of its name. */
async function drawnDisk({ project, emit }: CommandContext, target: string, out: string): Promise<DrawnDisk> {
  if (/\.ya?ml$/.test(target)) return layoutDisk(target);
  const layout = fileOf(project, 'layout', target);
  if (!target.includes('/') && !/\.(vhdx|raw|img)$/.test(target) && (await exists(layout))) return layoutDisk(layout);
  const file = await imageFile(target, out).catch(error => {
    throw error instanceof UsageFault
      ? new UsageFault(`"${target}" is neither a layout in layouts/ nor an image`, error.hint)
      : error;
  });
  return imageDisk(file, emit);
}

async function layoutDisk(file: string): Promise<DrawnDisk> {
  const layout = await loadLayout(file);
  return {
    title: `layout ${layout.name}`,
    size: layout.size,
    sectorSize: layout.sectorSize,
    partitions: layout.partitions.map(each => ({ ...each, typeName: partitionTypeName(each.type) })),
  };
}

async function imageDisk(file: string, emit: Emit): Promise<DrawnDisk> {
  const known = await recordBeside(file);
  return withImage(file, async image => {
    const table = await decodeGpt(image.read, image.size, image.sectorSize);
    for (const message of [...(image.vhdx?.faults ?? []), ...table.faults])
      emit({ type: 'warning', message, hint: '' });
    return {
      title: path.basename(file),
      size: image.size,
      sectorSize: image.sectorSize,
      partitions: table.partitions.map(each => {
        const record = known.get(each.name);
        return {
          ...each,
          typeName: partitionTypeName(each.type),
          filesystem: '',
          slot: null,
          mount: '',
          grow: false,
          filled: true,
          used: record?.used ?? null,
        };
      }),
    };
  });
}

/** What build.json beside an image says of its partitions; nothing when there is none. */
async function recordBeside(file: string): Promise<Map<string, { used: number }>> {
  try {
    const record = JSON.parse(await readFile(path.join(path.dirname(file), 'build.json'), 'utf8')) as {
      partitions: { name: string; used: number }[];
    };
    return new Map(record.partitions.map(each => [each.name, each]));
  } catch {
    return new Map();
  }
}
