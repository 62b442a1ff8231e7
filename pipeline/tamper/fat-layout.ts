import { readFatLayout, type FatLayout } from '../formats/fat-files.ts';
import { FormatFault } from '../formats/fault.ts';
import type { ReadAt } from '../formats/read-at.ts';

/** Null for what firmware takes for no FAT. */
export async function fatLayoutOf(read: ReadAt): Promise<FatLayout | null> {
  return readFatLayout(read).catch((error: unknown) => {
    if (error instanceof FormatFault) return null;
    throw error;
  });
}
