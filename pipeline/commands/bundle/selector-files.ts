/** Whether two selectors are the same to a machine that has one of them. */
import { createHash } from 'node:crypto';
import { stateFile } from '../../tamper/state.ts';
import { readExtents, readFatLayout } from '../../formats/fat-files.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { ReadAt } from '../../formats/read-at.ts';

/** A program of a selector is much shorter. */
const MOST: Bytes = 2 ** 26;

/**
 * True when both images hold the same programs. Dates and the serial number, which every release has of its own, start
 * nothing, and the state is each machine's own. False also for what is no FAT, and of which nobody knows.
 */
export async function haveSameFiles(one: ReadAt, other: ReadAt): Promise<boolean> {
  const [files, others] = [await digests(one), await digests(other)];
  return files !== null && files === others;
}

async function digests(read: ReadAt): Promise<string | null> {
  try {
    const layout = await readFatLayout(read);
    const state = stateFile({ layout });
    const lines: string[] = [];
    for (const { path, extents } of layout.files.filter(each => each.path !== state?.path))
      lines.push(
        `${path} ${createHash('sha256')
          .update(await readExtents(read, extents, MOST))
          .digest('hex')}`,
      );
    return lines.toSorted().join('\n');
  } catch (error) {
    if (error instanceof FormatFault) return null;
    throw error;
  }
}
