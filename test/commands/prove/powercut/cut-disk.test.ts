import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cutDisk, writeCutDisk } from '../../../../pipeline/commands/prove/powercut/cut-disk.ts';
import { presentBytes } from '../../../../pipeline/disk/copy-partition.ts';
import { withImage } from '../../../../pipeline/disk/read.ts';
import { writeVhdx } from '../../../../pipeline/disk/write.ts';
import { MIB } from '../../../disk/inspect/image.ts';
import { scratchDirectory } from '../../../disk/scratch.ts';
import { spyOn } from '../../../formats/made.ts';

const folder = scratchDirectory();
const { signal } = new AbortController();
const SIZE = 7 * MIB;
const CONTENT = new Uint8Array(16_384).fill(7);
const LOGGED = Uint8Array.from({ length: 8192 }, (_, at) => at % 249);
const log = spyOn(LOGGED).read;
/** Into a block that is present, zeros into the same, and over the edge of two that are not there. */
const pieces = [
  { start: MIB + 512, end: MIB + 1024, at: 100 },
  { start: MIB + 8192, end: MIB + 8704, at: null },
  { start: 5 * MIB - 512, end: 5 * MIB + 512, at: 2000 },
];

function expected(): Buffer {
  const bytes = Buffer.alloc(SIZE);
  bytes.set(CONTENT, MIB);
  bytes.set(LOGGED.subarray(100, 612), MIB + 512);
  bytes.fill(0, MIB + 8192, MIB + 8704);
  bytes.set(LOGGED.subarray(2000, 3024), 5 * MIB - 512);
  return bytes;
}

async function imageFile(format: string): Promise<string> {
  const file = path.join(folder, `reef.${format}`);
  if (format === 'raw') {
    const bytes = Buffer.alloc(SIZE);
    bytes.set(CONTENT, MIB);
    await writeFile(file, bytes);
    return file;
  }
  const map = {
    size: SIZE,
    extents: [{ start: MIB, bytes: CONTENT }],
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
  };
  const guid = (digit: number): string => `${String(digit).repeat(8)}-aaaa-4bbb-8ccc-0123456789ab`;
  await writeVhdx(map, file, {
    fileWriteGuid: guid(1),
    dataWriteGuid: guid(2),
    diskId: guid(3),
    creator: 'kelp 7',
    fixed: false,
    blockSize: MIB,
    signal,
    onProgress: () => undefined,
  });
  return file;
}

test.each(['raw', 'vhdx'])('the disk of a cut is written whole, from a %s', async format => {
  const target = path.join(folder, `${format}.out`);
  await withImage(await imageFile(format), async image => {
    await writeCutDisk(image, { pieces, log, target, signal });
    expect(Buffer.compare(readFileSync(target), expected())).toBe(0);
    expect(Buffer.compare(await cutDisk(image, { pieces, log }).read(0, SIZE), expected())).toBe(0);
  });
});

test('of a VHDX no block is read that neither it nor the log has', async () => {
  await withImage(await imageFile('vhdx'), async image => {
    const span = { start: 0, end: SIZE };
    expect(await presentBytes(cutDisk(image, { pieces: [], log }), span)).toBe(MIB);
    expect(await presentBytes(cutDisk(image, { pieces, log }), span)).toBe(3 * MIB);
  });
});
