import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readBlockDigests } from '../../pipeline/disk/block-digests.ts';
import { withImage } from '../../pipeline/disk/read.ts';
import { writeVhdx } from '../../pipeline/disk/write.ts';
import { differentBlocks } from '../../pipeline/formats/difference/blocks.ts';
import { diskOf, MIB, rawImage } from './inspect/image.ts';
import { scratchDirectory } from './scratch.ts';

const scratch = scratchDirectory();
const { signal } = new AbortController();
const content = Uint8Array.from({ length: 10_000 }, (_, i) => 1 + (i % 251));
const { bytes: DISK, partitions } = diskOf([
  { name: 'Keel', type: 'esp', size: 3 * MIB, content },
  { name: 'Hold', type: 'linux', size: 2 * MIB },
]);
const startOf = (name: string): number => partitions.find(each => each.name === name)?.start ?? 0;

it('digests blocks of 4 KiB that hold anything', async () => {
  const [keel, hold] = await readBlockDigests(rawImage(DISK), signal);
  expect([keel?.name, [...(keel?.digests.keys() ?? [])]]).toEqual(['Keel', [0, 1, 2]]);
  expect([hold?.name, hold?.digests.size, hold?.start]).toEqual(['Hold', 0, startOf('Hold')]);
});

it('one byte more is one block more, at its own place', async () => {
  const bytes = new Uint8Array(DISK);
  bytes[startOf('Hold') + 2 * MIB - 1] = 7;
  const after = await readBlockDigests(rawImage(bytes), signal);
  expect([...(after[1]?.digests.keys() ?? [])]).toEqual([511]);
  expect(differentBlocks(await readBlockDigests(rawImage(DISK), signal), after)).toMatchObject([
    { partition: 'Hold', bytes: 4096, held: 4096 },
  ]);
});

it('a container with holes is the same as a plain disk', async () => {
  const file = join(scratch, 'keel.vhdx');
  const id = '33333333-aaaa-4bbb-8ccc-0123456789ab';
  const guids = { fileWriteGuid: id, dataWriteGuid: id, diskId: id, creator: 'kelp 8' };
  const map = {
    size: DISK.length,
    extents: [{ start: 0, bytes: DISK }],
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
  };
  await writeVhdx(map, file, { ...guids, fixed: false, blockSize: MIB, signal, onProgress: () => undefined });
  const found = await withImage(file, async image => readBlockDigests(image, signal));
  expect(found).toEqual(await readBlockDigests(rawImage(DISK), signal));
});
