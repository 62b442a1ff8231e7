/** One EFI program of a FAT partition, copied out for as long as it is read. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { formatSize, type Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { FileEntry, PartitionFiles } from '../../formats/partition-files.ts';
import type { ReadAt } from '../../formats/read-at.ts';

/** A kernel with an initrd of all drivers has 200 MiB. */
const MOST_BYTES: Bytes = 2 ** 30;

/**
 * What `use` makes of the file, read at offsets, and its size. `scratch` is a host folder for the copy, which is
 * removed. Throws FormatFault for one that is too long to be a program.
 */
export async function withEfiFile<T>(
  files: PartitionFiles,
  entry: Pick<FileEntry, 'path' | 'bytes'>,
  { scratch, use }: { scratch: string; use: (read: ReadAt, size: Bytes) => Promise<T> },
): Promise<T> {
  if (entry.bytes > MOST_BYTES)
    throw new FormatFault(`${formatSize(entry.bytes)} long; at most ${formatSize(MOST_BYTES)} are read`, '');
  const copy = path.join(scratch, 'program.efi');
  try {
    await files.extract(entry.path, copy);
    const file = await open(copy, 'r');
    try {
      const { size } = await file.stat();
      return await use(async (offset, length) => readOf(file, { offset, length }), size);
    } finally {
      await file.close();
    }
  } finally {
    await rm(copy, { force: true });
  }
}

async function readOf(file: FileHandle, { offset, length }: { offset: Bytes; length: Bytes }): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}
