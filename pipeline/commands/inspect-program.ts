/** caisson inspect of a single EFI program, e.g. of a kernel image before it is put into an image. */
import { open } from 'node:fs/promises';
import { readProgram, unsoundSignatures } from '../disk/inspect/efi.ts';
import type { ReadAt } from '../formats/read-at.ts';
import { drawProgram } from '../report/efi.ts';
import type { CommandContext, ExitCode } from './context.ts';

/** Null for a file that does not begin as one; else as `inspect`. Throws FormatFault for a damaged one. */
export async function inspectProgram(context: CommandContext, file: string): Promise<ExitCode | null> {
  const handle = await open(file, 'r');
  try {
    const read: ReadAt = async (offset, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    // "MZ" of its DOS header.
    if (Buffer.from(await read(0, 2)).toString('latin1') !== 'MZ') return null;
    const { size } = await handle.stat();
    const program = await readProgram(read, size);
    const faults = unsoundSignatures(program);
    const drawn = drawProgram({ path: file, size, program }, { width: context.width ?? 100, color: context.color });
    context.print(
      context.json
        ? `${JSON.stringify({ program: file, size, ...program, faults }, null, 2)}\n`
        : `${[drawn, ...faults.map(each => `FAULT: ${each}`)].join('\n')}\n`,
    );
    return faults.length === 0 ? 0 : 1;
  } finally {
    await handle.close();
  }
}
