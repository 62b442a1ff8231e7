/** caisson inspect of an update bundle: what its manifest says, and who signed that. */
import { open } from 'node:fs/promises';
import { decodeBundle, isBundle } from '../formats/bundle.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { describeBundle, drawBundle } from '../report/bundle.ts';
import type { CommandContext, ExitCode } from './context.ts';

/** Null for a file that is none; else as `inspect`. Throws FormatFault for a damaged one. */
export async function inspectBundle(context: CommandContext, file: string): Promise<ExitCode | null> {
  const handle = await open(file, 'r');
  try {
    const read: ReadAt = async (offset, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const { size } = await handle.stat();
    if (!(await isBundle(read, size))) return null;
    const found = describeBundle(await decodeBundle(read, size));
    context.print(
      context.json
        ? `${JSON.stringify({ bundle: file, size, ...found }, null, 2)}\n`
        : `${drawBundle({ file, size, found }, { width: context.width ?? 100, color: context.color })}\n`,
    );
    return found.faults.length === 0 ? 0 : 1;
  } finally {
    await handle.close();
  }
}
