/** Partitions by name, and the EFI programs on them. */
import type { Bytes } from '../bytes.ts';
import type { ImageContents } from '../image-contents.ts';
import { partitionLabel, type Inspection } from '../inspection.ts';

export interface PartitionSize {
  size: Bytes;
  /** Null when it is not known. */
  used: Bytes | null;
  free: Bytes | null;
}

export interface PartitionChange {
  name: string;
  old: PartitionSize | null;
  new: PartitionSize | null;
}

export interface ProgramChange {
  partition: string;
  path: string;
  old: { bytes: Bytes; sha256: string } | null;
  new: { bytes: Bytes; sha256: string } | null;
}

/** In the order of the disk, what is gone last; those whose size and use are the same are left out. */
export function comparePartitions(before: Inspection, after: Inspection): PartitionChange[] {
  const [old, next] = [sizes(before), sizes(after)];
  return changes(old, next).map(([name, one, other]) => ({ name, old: one, new: other }));
}

export function comparePrograms(before: ImageContents['programs'], after: ImageContents['programs']): ProgramChange[] {
  const [old, next] = [programs(before), programs(after)];
  return changes(old, next).map(([key, one, other]) => {
    const [partition = '', path = ''] = JSON.parse(key) as string[];
    return { partition, path, old: one, new: other };
  });
}

function sizes({ partitions }: Inspection): Map<string, PartitionSize> {
  return new Map(partitions.map(each => [partitionLabel(each), { size: each.size, used: each.used, free: each.free }]));
}

function programs(all: ImageContents['programs']): Map<string, { bytes: Bytes; sha256: string }> {
  return new Map(
    all.map(({ partition, path, bytes, sha256 }) => [JSON.stringify([partition, path]), { bytes, sha256 }]),
  );
}

function changes<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): [key: string, old: T | null, next: T | null][] {
  return [...new Set([...after.keys(), ...before.keys()])].flatMap(key => {
    const [old, next] = [before.get(key) ?? null, after.get(key) ?? null];
    return JSON.stringify(old) === JSON.stringify(next) ? [] : [[key, old, next] as [string, T | null, T | null]];
  });
}
