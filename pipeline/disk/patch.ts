/** A few bytes of the disk in an image file changed where they stand: for state, never for contents. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { nextHeaders } from '../formats/vhdx/head.ts';
import type { Part } from '../formats/vhdx/shape.ts';
import type { DiskImage } from './read.ts';

/**
 * Writes `parts`, whose starts are offsets of the virtual disk, one after the other, each synced, into the file at
 * `path` that `image` was opened from. A VHDX gets new write GUIDs first, as every program that writes to one gives it.
 * Throws FormatFault, with nothing written, for a part that the file has no place for.
 */
export async function patchImage(path: string, image: DiskImage, parts: readonly Part[]): Promise<void> {
  const placed: Part[] = [];
  for (const { start, bytes } of parts) placed.push({ start: await placeOf(image, start, bytes.length), bytes });
  const guids = { fileWriteGuid: randomUUID(), dataWriteGuid: randomUUID() };
  const headers = image.vhdx === null ? [] : nextHeaders(image.vhdx.header, guids);
  const file = await open(path, 'r+');
  try {
    for (const part of [...headers, ...placed]) await writePart(file, part);
  } finally {
    await file.close();
  }
}

/** Offset in the file. */
async function placeOf({ vhdx, size }: DiskImage, start: Bytes, length: Bytes): Promise<Bytes> {
  const [block, within] = vhdx === null ? [0, 0] : [Math.floor(start / vhdx.blockSize), start % vhdx.blockSize];
  const place = vhdx === null ? 0 : await vhdx.blockOffset(block);
  const isInside = start + length <= size && (vhdx === null || within + length <= vhdx.blockSize);
  if (place === null || !isInside)
    throw new FormatFault(
      `the file has no place for [${start}, ${start + length}) of its disk`,
      'build the image again',
    );
  return vhdx === null ? start : place + within;
}

async function writePart(file: FileHandle, { start, bytes }: Part): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, start + done);
    done += bytesWritten;
  }
  await file.sync();
}
