/** A part of a disk image as extents of a map: the same bytes in another disk. */
import type { Bytes } from '../formats/bytes.ts';
import type { Extent } from '../formats/disk-map.ts';
import type { Span } from './copy-partition.ts';
import type { DiskImage } from './read.ts';

export interface Move {
  /** Host path of the image. */
  file: string;
  /** Part of the image. */
  from: Span;
  /** Where that begins in the new disk. */
  to: Bytes;
  /** Where an image without a table of blocks holds data, rising and apart: [start, length]. */
  data: readonly [Bytes, Bytes][];
}

/** What stands anywhere in the file: all else reads as zeros. Blocks that follow one another are one extent. */
export async function imageExtents({ vhdx }: Pick<DiskImage, 'vhdx'>, move: Move): Promise<Extent[]> {
  const pieces = vhdx === null ? plainPieces(move) : await blockPieces(vhdx, move);
  return pieces.map(({ start, length, offset }) => ({
    start: move.to + (start - move.from.start),
    length,
    file: move.file,
    offset,
  }));
}

interface Piece {
  /** On the disk of the image. */
  start: Bytes;
  length: Bytes;
  /** In its file. */
  offset: Bytes;
}

function plainPieces({ from, data }: Move): Piece[] {
  return data.flatMap(([at, length]) => {
    const [start, end] = [Math.max(from.start, at), Math.min(from.end, at + length)];
    return start < end ? [{ start, length: end - start, offset: start }] : [];
  });
}

async function blockPieces(
  { blockSize, blockOffset }: NonNullable<DiskImage['vhdx']>,
  { from }: Move,
): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (let block = Math.floor(from.start / blockSize); block * blockSize < from.end; block += 1) {
    const place = await blockOffset(block);
    if (place === null) continue;
    const start = Math.max(from.start, block * blockSize);
    const length = Math.min(from.end, (block + 1) * blockSize) - start;
    const offset = place + (start - block * blockSize);
    const last = pieces.at(-1);
    if (last !== undefined && last.start + last.length === start && last.offset + last.length === offset)
      last.length += length;
    else pieces.push({ start, length, offset });
  }
  return pieces;
}
