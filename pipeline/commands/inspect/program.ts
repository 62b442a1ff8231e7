/** caisson inspect of a single EFI program, e.g. of a kernel image before it is put into an image. */
import { readProgram, unsoundSignatures } from '../../disk/inspect/efi.ts';
import { drawProgram } from '../../report/efi.ts';
import type { CommandContext, ExitCode } from '../context.ts';
import { withFile } from '../read-file.ts';

/** Null for a file that does not begin as one; else as `inspect`. Throws FormatFault for a damaged one. */
export async function inspectProgram(context: CommandContext, file: string): Promise<ExitCode | null> {
  return withFile(file, async (read, size) => {
    // "MZ" of its DOS header.
    if (Buffer.from(await read(0, 2)).toString('latin1') !== 'MZ') return null;
    const program = await readProgram(read, size);
    const faults = unsoundSignatures(program);
    const drawn = drawProgram({ path: file, size, program }, { width: context.width ?? 100, color: context.color });
    context.print(
      context.json
        ? `${JSON.stringify({ program: file, size, ...program, faults }, null, 2)}\n`
        : `${[drawn, ...faults.map(each => `FAULT: ${each}`)].join('\n')}\n`,
    );
    return faults.length === 0 ? 0 : 1;
  });
}
