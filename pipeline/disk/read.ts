/** Disk images as disks: VHDX, fixed VHD and raw files, read by the offsets of the virtual disk. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import { FormatFault } from '../formats/fault.ts';
import { FOREIGN_HEAD_BYTES, foreignFile } from '../formats/foreign.ts';
import { GPT_SIGNATURE } from '../formats/gpt.ts';
import { type ReadAt, readFully } from '../formats/read-at.ts';
import { decodeVhdFooter, VHD_FOOTER_BYTES, VHD_SIGNATURE } from '../formats/vhd.ts';
import { decodeVhdx, type Vhdx } from '../formats/vhdx/decode.ts';
import { VHDX_SIGNATURE } from '../formats/vhdx/head.ts';

export interface DiskImage {
  format: 'vhdx' | 'vhd' | 'raw';
  /** Of the virtual disk. */
  size: Bytes;
  /** Of the file. */
  fileSize: Bytes;
  /** Logical sector; of a raw disk the one that its partition table was made for, else 512. */
  sectorSize: Bytes;
  /** What only a VHDX knows; null for others. */
  vhdx: Vhdx | null;
  /** Bytes [offset, offset + length) of the virtual disk; throws RangeError outside of it. */
  read: ReadAt;
}

/**
 * Opens an image for as long as `use` takes. Throws FormatFault for an image that is damaged, empty, or of a kind that
 * isn't read here: a qcow2, say, or a compressed one.
 */
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
  await mustHoldDisk(path);
  const file = await open(path, 'r');
  try {
    const { size: fileSize } = await file.stat();
    const readFile = readerOf(file);
    const image = await openAny(readFile, { path, fileSize });
    return { ...image, close: async () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** To open a FIFO waits for who writes into it, and no signal ends that. */
async function mustHoldDisk(path: string): Promise<void> {
  const found = await stat(path);
  if (found.isFile() || found.isBlockDevice()) return;
  throw new FormatFault(`${path} is neither a regular file nor a block device`, 'name the file of a disk image');
}

async function openAny(readFile: ReadAt, { path, fileSize }: { path: string; fileSize: Bytes }): Promise<DiskImage> {
  if (fileSize === 0)
    throw new FormatFault(`${path} is empty`, 'build or copy it again, and compare its size with the one published');
  if (await hasText(readFile, { at: 0, text: VHDX_SIGNATURE })) return openVhdx(readFile, fileSize);
  const footerAt = fileSize - VHD_FOOTER_BYTES;
  const foreign = foreignFile(await readFile(0, FOREIGN_HEAD_BYTES));
  const sectorSize = await gptSectorSize(readFile);
  // A disk with a partition table may begin with anything, and is a disk.
  if (foreign !== null && sectorSize === null)
    throw new FormatFault(`${path} is ${foreign.what}, which cannot be read here`, foreign.wayOut(path));
  if (footerAt >= 0 && (await hasText(readFile, { at: footerAt, text: VHD_SIGNATURE })))
    return openVhd(readFile, fileSize);
  return openRaw(readFile, { fileSize, sectorSize: sectorSize ?? 512 });
}

async function openVhdx(readFile: ReadAt, fileSize: Bytes): Promise<DiskImage> {
  const vhdx = await decodeVhdx(readFile, fileSize);
  const { size, logicalSectorSize: sectorSize } = vhdx;
  return { format: 'vhdx', size, fileSize, sectorSize, vhdx, read: blockReader(readFile, vhdx) };
}

async function openVhd(readFile: ReadAt, fileSize: Bytes): Promise<DiskImage> {
  const place = { offset: fileSize - VHD_FOOTER_BYTES, length: VHD_FOOTER_BYTES };
  const { size } = decodeVhdFooter(await readFully(readFile, 'the VHD footer', place));
  if (size > place.offset)
    throw new FormatFault(
      `truncated: the disk has ${size} bytes, the VHD holds ${place.offset} of them`,
      'copy the file again, and compare its size and checksum with those published',
    );
  return { format: 'vhd', size, fileSize, sectorSize: 512, vhdx: null, read: plainReader(readFile, size) };
}

function openRaw(readFile: ReadAt, { fileSize, sectorSize }: { fileSize: Bytes; sectorSize: Bytes }): DiskImage {
  return { format: 'raw', size: fileSize, fileSize, sectorSize, vhdx: null, read: plainReader(readFile, fileSize) };
}

/** The sector size that the disk's partition table was made for; null without one. */
async function gptSectorSize(readFile: ReadAt): Promise<Bytes | null> {
  for (const at of [512, 4096]) if (await hasText(readFile, { at, text: GPT_SIGNATURE })) return at;
  return null;
}

async function hasText(readFile: ReadAt, { at, text }: { at: Bytes; text: string }): Promise<boolean> {
  return Buffer.from(await readFile(at, text.length)).toString('latin1') === text;
}

/** Of a file in which the disk stands as it is, from the first byte on. */
function plainReader(readFile: ReadAt, size: Bytes): ReadAt {
  return async (offset, length) => {
    checkRange(size, { offset, length });
    return readFully(readFile, 'the disk', { offset, length });
  };
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
