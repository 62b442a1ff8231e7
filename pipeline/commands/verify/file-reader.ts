/** A host file, read by its offsets. */
import { open } from 'node:fs/promises';
import type { Bytes } from '../../formats/bytes.ts';
import type { ReadAt } from '../../formats/read-at.ts';

export interface OpenFile {
  /** Fewer bytes only at the end of the file. */
  read: ReadAt;
  size: Bytes;
  close: () => Promise<void>;
}

export async function fileReader(file: string): Promise<OpenFile> {
  const handle = await open(file, 'r');
  const { size } = await handle.stat();
  return {
    read: async (offset, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    size,
    close: async () => handle.close(),
  };
}
