/** A disk map, read from its sources in order, a window at a time. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Bytes } from '../formats/bytes.ts';
import type { DiskMap, Extent } from '../formats/disk-map.ts';
import { FormatFault } from '../formats/fault.ts';

/**
 * Small enough that what was read is still in the processor's cache when it is written. Measured on 120 MiB: 53 ms
 * with 1 MiB read and written synchronously, 120 ms with 4 MiB through promises and one window read ahead.
 */
export const WINDOW: Bytes = 2 ** 20;

export interface Window {
  /** A multiple of WINDOW. */
  start: Bytes;
  /** WINDOW bytes, fewer at the end of the disk; reused once the next window is asked for. */
  bytes: Uint8Array;
  /** Bytes of the map's extents up to the end of this window. */
  done: Bytes;
}

/**
 * The windows that hold any data, by start. Throws for a map that is out of order or out of bounds (a bug), FormatFault
 * for a source that ends early, and `signal.reason`. Leaves no file open, however it ends.
 */
export function* readWindows(map: DiskMap, signal: AbortSignal): Generator<Window, void, void> {
  checkMap(map);
  const sources = new Sources();
  const buffer = Buffer.allocUnsafeSlow(WINDOW);
  try {
    for (const planned of planWindows(map)) {
      signal.throwIfAborted();
      yield fillWindow(planned, { buffer, sources });
    }
  } finally {
    sources.close();
  }
}

interface PlannedWindow {
  start: Bytes;
  length: Bytes;
  done: Bytes;
  pieces: Piece[];
}

/** Part of an extent that lies in one window; `skip` bytes of the extent come before. */
interface Piece {
  extent: Extent;
  skip: Bytes;
  length: Bytes;
  /** From the start of the window. */
  at: Bytes;
}

function* planWindows({ size, extents }: DiskMap): Generator<PlannedWindow, void, void> {
  let window: Omit<PlannedWindow, 'done'> = { start: 0, length: Math.min(WINDOW, size), pieces: [] };
  let done = 0;
  for (const extent of extents) {
    const end = extent.start + extentLength(extent);
    for (let position = extent.start; position < end;) {
      const start = position - (position % WINDOW);
      if (window.start !== start) {
        if (window.pieces.length > 0) yield { ...window, done };
        window = { start, length: Math.min(WINDOW, size - start), pieces: [] };
      }
      const length = Math.min(end, start + WINDOW) - position;
      window.pieces.push({ extent, skip: position - extent.start, length, at: position - start });
      position += length;
      done += length;
    }
  }
  if (window.pieces.length > 0) yield { ...window, done };
}

function fillWindow(
  { start, length, done, pieces }: PlannedWindow,
  { buffer, sources }: { buffer: Buffer; sources: Sources },
): Window {
  const bytes = buffer.subarray(0, length);
  let filled = 0;
  for (const { extent, skip, length: count, at } of pieces) {
    bytes.fill(0, filled, at);
    const target = bytes.subarray(at, at + count);
    if ('bytes' in extent) target.set(extent.bytes.subarray(skip, skip + count));
    else sources.read(target, { path: extent.file, offset: extent.offset + skip });
    filled = at + count;
  }
  bytes.fill(0, filled);
  return { start, bytes, done };
}

/** Source files, each opened when first read. */
class Sources {
  readonly #files = new Map<string, number>();

  read(target: Uint8Array, { path, offset }: { path: string; offset: Bytes }): void {
    const file = this.#files.get(path) ?? openSync(path, 'r');
    this.#files.set(path, file);
    for (let filled = 0; filled < target.length;) {
      const bytesRead = readSync(file, target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new FormatFault(
          `${path} ends at ${offset + filled}, but the disk takes [${offset}, ${offset + target.length}) from it`,
          'the file was shortened since the disk was planned; build again',
        );
      }
      filled += bytesRead;
    }
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
  }
}

export function extentLength(extent: Extent): Bytes {
  return 'bytes' in extent ? extent.bytes.length : extent.length;
}

/** What DiskMap promises; whoever breaks it has a bug. */
function checkMap({ size, extents }: DiskMap): void {
  let free = 0;
  for (const extent of extents) {
    const end = extent.start + extentLength(extent);
    if (extent.start < free || end <= extent.start || end > size) {
      throw new RangeError(`disk map: extent [${extent.start}, ${end}) is not after ${free} and inside ${size}`);
    }
    free = end;
  }
}
