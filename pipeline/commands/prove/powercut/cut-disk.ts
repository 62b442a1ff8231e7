/** The disk that a cut leaves, as an image that can be read and copied out as any other. */
import { copyPartition } from '../../../disk/copy-partition.ts';
import type { DiskImage } from '../../../disk/read.ts';
import type { ReadAt } from '../../../formats/read-at.ts';
import { piecesIn, writtenDisk, type Pieces } from '../../../powercut/written-disk.ts';

/** `image` and `log` stay open for as long as it is read. */
export function cutDisk(image: DiskImage, { pieces, log }: { pieces: Pieces; log: ReadAt }): DiskImage {
  const { vhdx } = image;
  return { ...image, read: writtenDisk(pieces, { base: image.read, log }), vhdx: vhdx && writtenBlocks(vhdx, pieces) };
}

/** Writes it to the host path `target` as a raw disk with holes, which a machine can be started from. */
export async function writeCutDisk(
  image: DiskImage,
  { pieces, log, target, signal }: { pieces: Pieces; log: ReadAt; target: string; signal: AbortSignal },
): Promise<void> {
  const span = { start: 0, end: image.size };
  await copyPartition(cutDisk(image, { pieces, log }), span, { target, signal, onProgress: () => undefined });
}

/** A block that was written is present, wherever; only whether it is asked of those who read through `read`. */
function writtenBlocks(vhdx: NonNullable<DiskImage['vhdx']>, pieces: Pieces): NonNullable<DiskImage['vhdx']> {
  const written = (block: number): boolean =>
    piecesIn(pieces, { start: block * vhdx.blockSize, end: (block + 1) * vhdx.blockSize }).length > 0;
  return { ...vhdx, blockOffset: async block => (await vhdx.blockOffset(block)) ?? (written(block) ? 0 : null) };
}
