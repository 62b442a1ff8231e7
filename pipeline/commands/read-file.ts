/** A file of any size, read at offsets. */
import { open } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import type { ReadAt } from '../formats/read-at.ts';

/** Open for as long as `use` takes. Reading gives fewer bytes only at the end of the file. */
export async function withFile<T>(file: string, use: (read: ReadAt, size: Bytes) => Promise<T>): Promise<T> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const read: ReadAt = async (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    };
    return await use(read, size);
  } finally {
    await handle.close();
  }
}
