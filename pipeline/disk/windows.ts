/** A disk map, read from its sources in order, a window at a time, one window ahead of whoever consumes it. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Bytes } from '../formats/bytes.ts';
import type { DiskMap, Extent } from '../formats/disk-map.ts';
import { FormatFault } from '../formats/fault.ts';

/** Measured: 1.3 to 1.7 GB/s with 1 MiB, 1.8 with 2 to 8 MiB, less with 16. */
export const WINDOW: Bytes = 4 * 2 ** 20;

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
export async function* readWindows(map: DiskMap, signal: AbortSignal): AsyncGenerator<Window, void, void> {
  checkMap(map);
  const sources = new Sources();
  const buffers = [Buffer.allocUnsafeSlow(WINDOW), Buffer.allocUnsafeSlow(WINDOW)] as const;
  const plan = planWindows(map);
  let ahead: Promise<Window> | null = null;
  const readNext = (turn: number): Promise<Window> | null => {
    const next = plan.next();
    if (next.done === true) return null;
    const reading = fillWindow(next.value, { buffer: buffers[turn % 2 === 0 ? 0 : 1], sources });
    // Awaited below, perhaps after the consumer has failed: until then a fault of this read has no other taker.
    reading.catch(() => {});
    return reading;
  };
  try {
    ahead = readNext(0);
    for (let turn = 1; ahead !== null; turn += 1) {
      signal.throwIfAborted();
      const window = await ahead;
      ahead = readNext(turn);
      yield window;
    }
  } finally {
    await ahead?.catch(() => {});
    await sources.close();
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

async function fillWindow(
  { start, length, done, pieces }: PlannedWindow,
  { buffer, sources }: { buffer: Buffer; sources: Sources },
): Promise<Window> {
  const bytes = buffer.subarray(0, length);
  let filled = 0;
  for (const { extent, skip, length: count, at } of pieces) {
    bytes.fill(0, filled, at);
    const target = bytes.subarray(at, at + count);
    if ('bytes' in extent) target.set(extent.bytes.subarray(skip, skip + count));
    else await sources.read(target, { path: extent.file, offset: extent.offset + skip });
    filled = at + count;
  }
  bytes.fill(0, filled);
  return { start, bytes, done };
}

/** Source files, each opened when first read. */
class Sources {
  readonly #handles = new Map<string, FileHandle>();

  async read(target: Uint8Array, { path, offset }: { path: string; offset: Bytes }): Promise<void> {
    const handle = this.#handles.get(path) ?? (await open(path, 'r'));
    this.#handles.set(path, handle);
    for (let filled = 0; filled < target.length;) {
      const { bytesRead } = await handle.read(target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new FormatFault(
          `${path} ends at ${offset + filled}, but the disk takes [${offset}, ${offset + target.length}) from it`,
          'the file was shortened since the disk was planned; build again',
        );
      }
      filled += bytesRead;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#handles.values()].map(async handle => handle.close()));
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
