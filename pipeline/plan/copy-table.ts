/** The partition table of a copy, from that of the image: new GUIDs, some partitions of other sizes. */
import type { Bytes } from '../formats/bytes.ts';
import { gptReserved, type GptPartition, type GptTable } from '../formats/gpt.ts';

export interface CopiedPartition extends GptPartition {
  /** Where the image has it. */
  from: { start: Bytes; end: Bytes };
}

export interface CopyTable extends GptTable {
  /** In the order of their numbers. */
  partitions: CopiedPartition[];
}

export interface CopyWishes {
  /** New sizes by number, whole MiB; others stay as they are. */
  sizes: ReadonlyMap<number, Bytes>;
  /** A GUID that nobody has. */
  newGuid: () => string;
}

const ALIGNMENT: Bytes = 2 ** 20;

/**
 * Partitions keep number, name, type, attributes and order. Those behind one of another size move, each to the next
 * MiB behind the one before. The disk ends as far behind its last partition as it did; with the last one of a new size
 * right behind it.
 */
export function copyTable(
  image: Pick<CopyTable, 'size' | 'sectorSize'> & Pick<GptTable, 'partitions'>,
  wishes: CopyWishes,
): CopyTable {
  const { size, sectorSize } = image;
  const order = image.partitions.toSorted((a, b) => a.start - b.start);
  const partitions: CopiedPartition[] = [];
  let end: Bytes = 0;
  let moved = false;
  for (const partition of order) {
    const wanted = wishes.sizes.get(partition.number) ?? partition.end - partition.start;
    const start = moved ? alignUp(end) : partition.start;
    end = start + wanted;
    moved ||= end !== partition.end;
    const from = { start: partition.start, end: partition.end };
    partitions.push({ ...partition, start, end, uuid: wishes.newGuid(), from });
  }
  const last = order.at(-1);
  const fits = last === undefined || wishes.sizes.has(last.number);
  const behind = fits ? gptReserved(sectorSize).tail : size - last.end;
  return {
    size: moved || fits ? alignUp(end + behind) : size,
    sectorSize,
    diskGuid: wishes.newGuid(),
    partitions: partitions.toSorted((a, b) => a.number - b.number),
  };
}

function alignUp(bytes: Bytes): Bytes {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
