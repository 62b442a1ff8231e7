/** A disk map into a file, raw, VHD or VHDX, in one pass over its sources. Neither fsyncs: whoever publishes does. */
import { writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Bytes } from '../formats/bytes.ts';
import type { DiskMap } from '../formats/disk-map.ts';
import { type Bat, createBat, placeBlock } from '../formats/vhdx/bat.ts';
import { encodeVhdx } from '../formats/vhdx/encode.ts';
import type { Part, VhdxIdentity } from '../formats/vhdx/shape.ts';
import { encodeVhdFooter, type VhdIdentity } from '../formats/vhd.ts';
import { extentLength, readWindows, type Window } from './windows.ts';

export interface WriteOptions {
  signal: AbortSignal;
  /** Called after each few MiB; both count bytes of the map's extents. */
  onProgress: (done: Bytes, total: Bytes) => void;
}

export interface VhdxWriteOptions extends WriteOptions, VhdxIdentity {
  fixed: boolean;
  blockSize: Bytes;
}

/** Pieces of this size that hold only zeros are left out; they stay holes of the target. */
const GRANULE: Bytes = 64 * 2 ** 10;
const ZEROS = new Uint8Array(GRANULE);

/** Bytes copied before others get their turn: progress, Ctrl-C, the output of steps that run at the same time. */
const BREATH: Bytes = 8 * 2 ** 20;

/** Writes a sparse raw disk of `map.size` bytes to `path`, truncating what was there. An error leaves a torn file. */
export async function writeRaw(map: DiskMap, path: string, options: WriteOptions): Promise<void> {
  await withTarget(path, async target => {
    await copyData(map, target, { ...options, place: start => start });
    await target.truncate(map.size);
  });
}

/** As writeRaw, with the footer of a fixed VHD behind the disk. Throws FormatFault for a size that no VHD can have. */
export async function writeVhd(map: DiskMap, path: string, options: WriteOptions & VhdIdentity): Promise<void> {
  const footer = encodeVhdFooter(map.size, options);
  await withTarget(path, async target => {
    await copyData(map, target, { ...options, place: start => start });
    writeAll(target, { start: map.size, bytes: footer });
  });
}

/**
 * Writes a VHDX to `path`, truncating what was there; the head comes last, so that a torn file has no signature.
 * Equal arguments give equal bytes. Returns the file's size and the number of blocks in it.
 */
export async function writeVhdx(
  map: DiskMap,
  path: string,
  options: VhdxWriteOptions,
): Promise<{ fileSize: Bytes; presentBlocks: number }> {
  const shape = {
    ...options,
    size: map.size,
    logicalSectorSize: map.logicalSectorSize,
    physicalSectorSize: map.physicalSectorSize,
  };
  const bat = createBat(shape);
  const blocks = options.fixed ? fixedBlocks(bat) : growingBlocks(bat);
  return withTarget(path, async target => {
    await copyData(map, target, { ...options, place: blocks.place });
    const presentBlocks = blocks.count();
    const fileSize = bat.payloadStart + presentBlocks * options.blockSize;
    await target.truncate(fileSize);
    for (const part of encodeVhdx(shape, options, { bat })) writeAll(target, part);
    return { fileSize, presentBlocks };
  });
}

/** Where each byte of the virtual disk goes in the file. */
interface Blocks {
  /** For starts in rising order. */
  place: (start: Bytes) => Bytes;
  count: () => number;
}

function fixedBlocks({ geometry, payloadStart }: Bat): Blocks {
  return { place: start => payloadStart + start, count: () => geometry.blockCount };
}

/** A block gets the next place in the file when its first data arrives. */
function growingBlocks(bat: Bat): Blocks {
  const { blockSize } = bat.geometry;
  let count = 0;
  let current = -1;
  return {
    place: start => {
      const block = Math.floor(start / blockSize);
      if (block !== current) {
        placeBlock(bat, { block, offset: bat.payloadStart + count * blockSize });
        current = block;
        count += 1;
      }
      return bat.payloadStart + (count - 1) * blockSize + (start % blockSize);
    },
    count: () => count,
  };
}

async function withTarget<T>(path: string, write: (target: FileHandle) => Promise<T>): Promise<T> {
  const target = await open(path, 'w');
  try {
    return await write(target);
  } finally {
    await target.close();
  }
}

async function copyData(
  map: DiskMap,
  target: FileHandle,
  { place, signal, onProgress }: WriteOptions & { place: (start: Bytes) => Bytes },
): Promise<void> {
  const total = map.extents.reduce((sum, extent) => sum + extentLength(extent), 0);
  let breath = 0;
  for (const window of readWindows(map, signal)) {
    for (const run of dataRuns(window, place)) {
      writeAll(target, { bytes: window.bytes.subarray(run.from, run.to), start: run.position });
    }
    onProgress(window.done, total);
    if (window.done < breath + BREATH) continue;
    breath = window.done;
    await setImmediate();
  }
  signal.throwIfAborted();
}

interface Run {
  from: Bytes;
  to: Bytes;
  /** In the file. */
  position: Bytes;
}

/** The parts [from, to) of a window that hold data, as long as they stay together in the file. */
function dataRuns({ start, bytes }: Window, place: (start: Bytes) => Bytes): Run[] {
  const runs: Run[] = [];
  for (let from = 0; from < bytes.length; from += GRANULE) {
    const to = Math.min(from + GRANULE, bytes.length);
    if (Buffer.compare(bytes.subarray(from, to), ZEROS.subarray(0, to - from)) === 0) continue;
    const position = place(start + from);
    const last = runs.at(-1);
    if (last?.to === from && last.position + (last.to - last.from) === position) last.to = to;
    else runs.push({ from, to, position });
  }
  return runs;
}

function writeAll(target: FileHandle, { start, bytes }: Part): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(target.fd, bytes, written, bytes.length - written, start + written);
  }
}
