/** caisson cat: the bytes of one file of an image. The image is never mounted or written. */
import { createReadStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';
import { withPlace, type ImagePlace } from './image/place.ts';

export interface CatOptions extends ImagePlace {
  /** File to write, absent or complete afterwards; null for `stdout`. */
  to: string | null;
  /** Gets the bytes and nothing else; stays open. */
  stdout: NodeJS.WritableStream;
}

/** Links are followed inside the partition. A reader that has had enough (`| head`) is no failure. */
export async function cat(context: CommandContext, { to, stdout, ...where }: CatOptions): Promise<ExitCode> {
  if (to !== null) await mustBeWritable(to);
  await withPlace(context, where, async ({ path: wanted, files, scratch }) => {
    if (to === null) {
      const copy = path.join(scratch, 'content');
      await files.extract(wanted, copy);
      await pour(copy, { stdout, signal: context.signal });
    } else {
      const part = path.join(path.dirname(path.resolve(to)), `.${path.basename(to)}.${process.pid}.part`);
      try {
        await files.extract(wanted, part);
        await rename(part, to);
      } finally {
        await rm(part, { force: true });
      }
    }
  });
  return 0;
}

async function mustBeWritable(to: string): Promise<void> {
  const folder = path.dirname(path.resolve(to));
  const [parent, there] = await Promise.all([folder, to].map(each => stat(each).catch(() => null)));
  if (parent?.isDirectory() !== true) throw new UsageFault(`${folder} is no folder`, 'make it first, or name another');
  if (there?.isDirectory() === true) throw new UsageFault(`${to} is a folder`, 'name the file to write');
}

async function pour(
  file: string,
  { stdout, signal }: Pick<CatOptions, 'stdout'> & { signal: AbortSignal },
): Promise<void> {
  try {
    await pipeline(createReadStream(file), stdout, { end: false, signal });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
