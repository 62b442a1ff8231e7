import { type FileHandle, open } from 'node:fs/promises';
import type { Bytes } from '../../formats/bytes.ts';
import type { BuildContext } from '../stage.ts';

/** As large as what the writers of disks leave out when it is zero (disk/write.ts). */
const GRANULE: Bytes = 64 * 2 ** 10;
const WINDOW: Bytes = 16 * GRANULE;
const ZEROS = new Uint8Array(GRANULE);

/**
 * Where a file holds anything but zeros, as [start, length] in whole granules of 64 KiB (the last ends with the file).
 * Equal bytes give equal extents: what the host calls a hole, by SEEK_DATA, only says what need not be read. Asked of
 * qemu-img map, for Node does not know SEEK_DATA.
 */
export async function dataExtents({
  box,
  out,
  run,
  signal,
}: Pick<BuildContext, 'box' | 'out' | 'run' | 'signal'>): Promise<[Bytes, Bytes][]> {
  const rows = JSON.parse(await run('qemu-img', ['map', '--format=raw', '--output=json', box.out])) as MapRow[];
  const file = await open(out, 'r');
  try {
    const { size } = await file.stat();
    const extents: [Bytes, Bytes][] = [];
    for (const [start, end] of windows(rows, size)) {
      signal.throwIfAborted();
      for (const extent of await dataGranules(file, { start, end })) append(extents, extent);
    }
    return extents;
  } finally {
    await file.close();
  }
}

/** A line of qemu-img map(1), in bytes. */
interface MapRow {
  start: Bytes;
  length: Bytes;
  data: boolean;
}

/** What may hold data, as [start, end) of whole granules, rising, in pieces that fit into memory. */
function* windows(rows: readonly MapRow[], size: Bytes): Generator<[Bytes, Bytes]> {
  let done = 0;
  for (const row of rows) {
    if (!row.data) continue;
    const end = Math.min(Math.ceil((row.start + row.length) / GRANULE) * GRANULE, size);
    for (let start = Math.max(done, row.start - (row.start % GRANULE)); start < end; start += WINDOW)
      yield [start, Math.min(start + WINDOW, end)];
    done = Math.max(done, end);
  }
}

async function dataGranules(file: FileHandle, { start, end }: { start: Bytes; end: Bytes }): Promise<[Bytes, Bytes][]> {
  const bytes = Buffer.allocUnsafe(end - start);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  if (bytesRead !== bytes.length) throw new Error(`read ${bytesRead} bytes of [${start}, ${end})`);
  const found: [Bytes, Bytes][] = [];
  for (let from = 0; from < bytes.length; from += GRANULE) {
    const granule = bytes.subarray(from, from + GRANULE);
    if (granule.compare(ZEROS, 0, granule.length) !== 0) found.push([start + from, granule.length]);
  }
  return found;
}

function append(extents: [Bytes, Bytes][], [start, length]: [Bytes, Bytes]): void {
  const last = extents.at(-1);
  if (last !== undefined && last[0] + last[1] === start) last[1] += length;
  else extents.push([start, length]);
}
