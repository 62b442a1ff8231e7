/** caisson show: the disk of a layout or an image, drawn to scale. */
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileOf, findDocument } from '../config/places.ts';
import { loadLayout } from '../config/project.ts';
import { withImage } from '../disk/read.ts';
import { decodeGpt } from '../formats/gpt-read.ts';
import { partitionTypeName } from '../formats/guid.ts';
import { makeFolders, replaceFile } from '../engine/files.ts';
import { drawDisk, type DrawnDisk } from '../report/draw-disk.ts';
import { drawSvg } from '../report/draw-svg.ts';
import type { Emit } from '../report/events.ts';
import { DISK_FILE, imageFile } from './image/file.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';

export interface ShowOptions {
  target: string;
  out: string;
  /** File to write the drawing into, as SVG; null for the terminal. */
  svg: string | null;
}

export async function show(context: CommandContext, { target, out, svg }: ShowOptions): Promise<ExitCode> {
  const disk = await drawnDisk(context, target, out);
  if (svg !== null) await writeSvg(svg, disk);
  if (context.json) context.print(`${JSON.stringify(svg === null ? disk : { ...disk, svg }, null, 2)}\n`);
  else if (svg !== null) context.print(`${svg}\n`);
  else context.print(`${drawDisk(disk, { ...context, width: context.width ?? 100 })}\n`);
  return 0;
}

/** Refuses to replace what is no SVG: `--svg eflow.vhdx` must not cost an image. */
async function writeSvg(file: string, disk: DrawnDisk): Promise<void> {
  if (!(await mayBeReplaced(file)))
    throw new UsageFault(`${file} is there, and no SVG; it is left as it is`, 'name another file, or remove that one');
  await makeFolders(path.dirname(file));
  await replaceFile(file, drawSvg(disk));
}

/** The first element is `svg`, whatever comes before it: XML declaration, document type, comments. */
const SVG_HEAD = /^\ufeff?(?:\s|<\?[^>]*\?>|<!--[\s\S]*?-->|<!DOCTYPE [^>]*>)*<svg[\s>]/i;
const HEAD_BYTES = 4096;

/** Nothing, an empty file, or an SVG. */
async function mayBeReplaced(file: string): Promise<boolean> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null || (found.isFile() && found.size === 0)) return true;
  if (!found.isFile()) return false;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return SVG_HEAD.test(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await handle.close();
  }
}

/**
 * A layout by name or file, an image by file, or a built image by name. A layout of the project goes before an image of
 * its name, and that before a layout of Caisson's own.
 */
async function drawnDisk(context: CommandContext, target: string, out: string): Promise<DrawnDisk> {
  if (/\.ya?ml$/.test(target)) return layoutDisk(target);
  const named = !target.includes('/') && !DISK_FILE.test(target);
  const layout = named ? await findDocument(context, 'layout', target) : null;
  if (layout === fileOf(context.project, 'layout', target)) return layoutDisk(layout);
  const file = await imageFile(target, out).catch((error: unknown) => {
    if (error instanceof UsageFault) return error;
    throw error;
  });
  if (typeof file === 'string') return imageDisk(file, context.emit);
  if (layout !== null) return layoutDisk(layout);
  throw new UsageFault(`"${target}" is neither a layout in layouts/ nor an image`, file.hint);
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
