/** Images that bundles of a proof are made of: those of the slot, and what is wrong with them. */
import { createHash } from 'node:crypto';
import { copyFile, open, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { rootOf, type DiskParts } from '../../../claims/disk-parts.ts';
import { SELECTOR_SERIAL, SERIAL_OFFSET } from '../../../claims/update-selector.ts';
import { copyPartition } from '../../../disk/copy-partition.ts';
import type { DiskImage } from '../../../disk/read.ts';
import type { Bytes } from '../../../formats/bytes.ts';

export interface SlotPartition {
  name: string;
  start: Bytes;
  end: Bytes;
}

const BLOCK: Bytes = 4096;
const WINDOW: Bytes = 2 ** 20;

/** The partitions, each as a file in the host folder `scratch` that ends behind its last byte that is not zero. */
export async function copiesOf(
  image: DiskImage,
  partitions: Readonly<Record<string, SlotPartition>>,
  { scratch, signal }: { scratch: string; signal: AbortSignal },
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [content, span] of Object.entries(partitions)) {
    const target = path.join(scratch, `${content}.whole`);
    await copyPartition(image, span, { target, signal, onProgress: () => undefined });
    await truncate(target, await usedEnd(target));
    files[content] = target;
  }
  return files;
}

/** A copy of the root of slot A whose file system nobody can read, and no code corrects. */
export async function damagedRoot(file: string, disk: DiskParts): Promise<string> {
  const damaged = `${file}.damaged`;
  await copyFile(file, damaged);
  const { data, fec } = rootOf(disk, 'A');
  const handle = await open(damaged, 'r+');
  try {
    // The superblock of erofs, and what could bring it back.
    await handle.write(new Uint8Array(BLOCK).fill(0xa5), 0, BLOCK, 0);
    for (let at = fec.start - data.start; at < fec.end - data.start; at += WINDOW) {
      const length = Math.min(WINDOW, fec.end - data.start - at);
      await handle.write(new Uint8Array(length).fill(0xa5), 0, length, at);
    }
  } finally {
    await handle.close();
  }
  return damaged;
}

/** A copy of a FAT with SELECTOR_SERIAL for its serial number: another selector, which works as this one does. */
export async function otherSelector(file: string): Promise<string> {
  const other = `${file}.other`;
  await copyFile(file, other);
  const handle = await open(other, 'r+');
  try {
    await handle.write(SELECTOR_SERIAL, 0, SELECTOR_SERIAL.length, SERIAL_OFFSET);
  } finally {
    await handle.close();
  }
  return other;
}

/** A file with a block more than the partition. */
export async function largerThan({ name, start, end }: SlotPartition, scratch: string): Promise<string> {
  const file = path.join(scratch, `${name}.larger`);
  await writeFile(file, '');
  await truncate(file, end - start + BLOCK);
  return file;
}

/** A file of `bytes` that does not compress: in what is made of it a byte of the middle is one of its own. */
export async function denseFile(scratch: string, bytes: Bytes): Promise<string> {
  const file = path.join(scratch, 'dense');
  const pieces = Array.from({ length: bytes / 32 }, (_, index) => createHash('sha256').update(String(index)).digest());
  await writeFile(file, Buffer.concat(pieces));
  return file;
}

/** Turns one bit of the byte at `at`. */
export async function turnBit(file: string, at: Bytes): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
    await handle.write(Uint8Array.of((buffer[0] ?? 0) ^ 1), 0, 1, at);
  } finally {
    await handle.close();
  }
}

/** Behind the last byte that is not zero, rounded up to a block. */
async function usedEnd(file: string): Promise<Bytes> {
  const { size } = await stat(file);
  const handle = await open(file, 'r');
  try {
    for (let end = size; end > 0; end -= WINDOW) {
      const start = Math.max(0, end - WINDOW);
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
      const last = buffer.findLastIndex(byte => byte !== 0);
      if (last !== -1) return Math.ceil((start + last + 1) / BLOCK) * BLOCK;
    }
    return BLOCK;
  } finally {
    await handle.close();
  }
}
