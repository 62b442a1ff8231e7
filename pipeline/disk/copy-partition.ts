/** A partition of an image as a file that other programs can read. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import type { DiskImage } from './read.ts';

/** Half open. */
export interface Span {
  start: Bytes;
  end: Bytes;
}

export interface CopyOptions {
  /** Host path. */
  target: string;
  signal: AbortSignal;
  /** Called after each MiB, with how many of presentBytes are read. */
  onProgress: (done: Bytes) => void;
}

const WINDOW: Bytes = 2 ** 20;
/** Pieces of this size that hold only zeros become holes. */
const GRANULE: Bytes = 64 * 2 ** 10;
const ZEROS = Buffer.alloc(GRANULE);

/**
 * Where a partition starts in the image's own file, when it stands there in one piece: in files without a table of
 * blocks (raw) always, in a VHDX when the blocks follow one another, as those of a fixed one do. Else null: copy it.
 */
export async function placeInFile({ vhdx }: Pick<DiskImage, 'vhdx'>, { start, end }: Span): Promise<Bytes | null> {
  if (vhdx === null) return start;
  const { blockSize, blockOffset } = vhdx;
  const first = Math.floor(start / blockSize);
  const place = await blockOffset(first);
  if (place === null) return null;
  for (let block = first + 1; block * blockSize < end; block += 1)
    if ((await blockOffset(block)) !== place + (block - first) * blockSize) return null;
  return place + (start % blockSize);
}

/** What copyPartition reads, and so the most that its file can take on a disk. */
export async function presentBytes(image: DiskImage, span: Span): Promise<Bytes> {
  let sum = 0;
  for await (const { start, end } of presentSpans(image, span)) sum += end - start;
  return sum;
}

/**
 * Writes the partition to the host path `target` as a sparse file of its length, truncating what was there. Blocks
 * that a VHDX says are absent are not read: one of 2 TiB takes as long as what is in it. Throws the reason of
 * `signal`; an error leaves a torn file.
 */
export async function copyPartition(
  image: DiskImage,
  span: Span,
  { target, signal, onProgress }: CopyOptions,
): Promise<void> {
  let done = 0;
  const file = await open(target, 'w');
  try {
    await file.truncate(span.end - span.start);
    for await (const { start, end } of presentSpans(image, span)) {
      for (let position = start; position < end; position += WINDOW) {
        signal.throwIfAborted();
        const bytes = await image.read(position, Math.min(WINDOW, end - position));
        await writeData(file, { bytes, start: position - span.start });
        done += bytes.length;
        onProgress(done);
      }
    }
  } finally {
    await file.close();
  }
}

/** The parts of the span that stand anywhere in the file, in order; joined where blocks follow one another. */
export async function* presentSpans({ vhdx }: Pick<DiskImage, 'vhdx'>, { start, end }: Span): AsyncGenerator<Span> {
  if (vhdx === null) {
    yield { start, end };
    return;
  }
  const { blockSize, blockOffset } = vhdx;
  let from: Bytes | null = null;
  for (let block = Math.floor(start / blockSize); block * blockSize < end; block += 1) {
    if ((await blockOffset(block)) !== null) {
      from ??= Math.max(start, block * blockSize);
      continue;
    }
    if (from !== null) yield { start: from, end: block * blockSize };
    from = null;
  }
  if (from !== null) yield { start: from, end };
}

async function writeData(file: FileHandle, { bytes, start }: { bytes: Uint8Array; start: Bytes }): Promise<void> {
  for (let from = 0; from < bytes.length; from += GRANULE) {
    const piece = bytes.subarray(from, from + GRANULE);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) === 0) continue;
    for (let done = 0; done < piece.length;) {
      const { bytesWritten } = await file.write(piece, done, piece.length - done, start + from + done);
      done += bytesWritten;
    }
  }
}
