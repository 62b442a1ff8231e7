/** caisson inspect of an update bundle: what its manifest says, and who signed that. */
import { decodeBundle, isBundle } from '../../formats/bundle.ts';
import { describeBundle, drawBundle } from '../../report/bundle.ts';
import type { CommandContext, ExitCode } from '../context.ts';
import { withFile } from '../read-file.ts';

/** Null for a file that is none; else as `inspect`. Throws FormatFault for a damaged one. */
export async function inspectBundle(context: CommandContext, file: string): Promise<ExitCode | null> {
  return withFile(file, async (read, size) => {
    if (!(await isBundle(read, size))) return null;
    const found = describeBundle(await decodeBundle(read, size));
    context.print(
      context.json
        ? `${JSON.stringify({ bundle: file, size, ...found }, null, 2)}\n`
        : `${drawBundle({ file, size, found }, { width: context.width ?? 100, color: context.color })}\n`,
    );
    return found.faults.length === 0 ? 0 : 1;
  });
}
