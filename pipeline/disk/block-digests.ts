/** What a disk holds, as digests of its blocks: enough to tell later which of them another disk has otherwise. */
import { createHash } from 'node:crypto';
import type { Bytes } from '../formats/bytes.ts';
import { BLOCK, type PartitionBlocks } from '../formats/difference/blocks.ts';
import { decodeGpt } from '../formats/gpt-read.ts';
import { presentSpans } from './copy-partition.ts';
import type { DiskImage } from './read.ts';
import { WINDOW } from './windows.ts';

const ZEROS = Buffer.alloc(BLOCK);

/** In the order of the table. Throws FormatFault for a table that cannot be read, and the reason of `signal`. */
export async function readBlockDigests(
  image: Pick<DiskImage, 'size' | 'sectorSize' | 'vhdx' | 'read'>,
  signal: AbortSignal,
): Promise<PartitionBlocks[]> {
  const { partitions } = await decodeGpt(image.read, image.size, image.sectorSize);
  const all: PartitionBlocks[] = [];
  for (const { name, start, end } of partitions) {
    const digests = new Map<number, string>();
    for await (const span of presentSpans(image, { start, end })) {
      const last = Math.min(span.end, end);
      for (let position = span.start; position < last; position += WINDOW) {
        signal.throwIfAborted();
        digestInto(digests, await image.read(position, Math.min(WINDOW, last - position)), position - start);
      }
    }
    all.push({ name, start, end, digests });
  }
  return all;
}

function digestInto(digests: Map<number, string>, bytes: Uint8Array, from: Bytes): void {
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    if (Buffer.compare(block, ZEROS.subarray(0, block.length)) === 0) continue;
    // Short enough to keep tens of thousands of them, long enough to tell them apart.
    digests.set((from + at) / BLOCK, createHash('sha256').update(block).digest('base64').slice(0, 16));
  }
}
