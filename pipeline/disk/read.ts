/** Disk images as disks: VHDX and raw files, read by the offsets of the virtual disk. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { GPT_SIGNATURE } from '../formats/gpt.ts';
import { type ReadAt, readFully } from '../formats/read-at.ts';
import { decodeVhdx, type Vhdx } from '../formats/vhdx/decode.ts';
import { VHDX_SIGNATURE } from '../formats/vhdx/head.ts';

export interface DiskImage {
  format: 'vhdx' | 'raw';
  /** Of the virtual disk. */
  size: Bytes;
  /** Of the file. */
  fileSize: Bytes;
  /** Logical sector; of a raw disk the one that its partition table was made for, else 512. */
  sectorSize: Bytes;
  /** What only a VHDX knows; null for raw. */
  vhdx: Vhdx | null;
  /** Bytes [offset, offset + length) of the virtual disk; throws RangeError outside of it. */
  read: ReadAt;
}

/** Opens an image for as long as `use` takes. Throws FormatFault for a VHDX that is damaged or of a kind we can't read. */
export async function withImage<T>(path: string, use: (image: DiskImage) => Promise<T>): Promise<T> {
  const image = await openImage(path);
  try {
    return await use(image);
  } finally {
    await image.close();
  }
}

/** As withImage, for those who can't nest: they must close it. */
export async function openImage(path: string): Promise<DiskImage & { close: () => Promise<void> }> {
  const file = await open(path, 'r');
  try {
    const { size: fileSize } = await file.stat();
    const readFile = readerOf(file);
    const signature = await readFile(0, VHDX_SIGNATURE.length);
    const isVhdx = Buffer.from(signature).toString('latin1') === VHDX_SIGNATURE;
    const image = isVhdx ? await openVhdx(readFile, fileSize) : await openRaw(readFile, fileSize);
    return { ...image, close: async () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openVhdx(readFile: ReadAt, fileSize: Bytes): Promise<DiskImage> {
  const vhdx = await decodeVhdx(readFile, fileSize);
  const { size, logicalSectorSize: sectorSize } = vhdx;
  return { format: 'vhdx', size, fileSize, sectorSize, vhdx, read: blockReader(readFile, vhdx) };
}

async function openRaw(readFile: ReadAt, fileSize: Bytes): Promise<DiskImage> {
  const at4096 = Buffer.from(await readFile(4096, GPT_SIGNATURE.length)).toString('latin1') === GPT_SIGNATURE;
  const at512 = Buffer.from(await readFile(512, GPT_SIGNATURE.length)).toString('latin1') === GPT_SIGNATURE;
  const sectorSize = at4096 && !at512 ? 4096 : 512;
  const read: ReadAt = async (offset, length) => {
    checkRange(fileSize, { offset, length });
    return readFully(readFile, 'the disk', { offset, length });
  };
  return { format: 'raw', size: fileSize, fileSize, sectorSize, vhdx: null, read };
}

function blockReader(readFile: ReadAt, vhdx: Vhdx): ReadAt {
  return async (offset, length) => {
    checkRange(vhdx.size, { offset, length });
    const bytes = new Uint8Array(length);
    for (let position = offset; position < offset + length;) {
      const block = Math.floor(position / vhdx.blockSize);
      const within = position % vhdx.blockSize;
      const count = Math.min(vhdx.blockSize - within, offset + length - position);
      const blockStart = await vhdx.blockOffset(block);
      if (blockStart !== null) {
        const place = { offset: blockStart + within, length: count };
        bytes.set(await readFully(readFile, `block ${block}`, place), position - offset);
      }
      position += count;
    }
    return bytes;
  };
}

function readerOf(file: FileHandle): ReadAt {
  return async (offset, length) => {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  };
}

function checkRange(size: Bytes, { offset, length }: { offset: Bytes; length: Bytes }): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new FormatFault(
    `[${offset}, ${offset + length}) is not inside a disk of ${size} bytes`,
    'the file is cut short, or no disk image',
  );
}
