import { join } from 'node:path';
import { expect, test } from 'vitest';
import { boot } from '../../pipeline/commands/boot.ts';
import { writeVhdx } from '../../pipeline/disk/write.ts';
import { seededGuid } from '../../pipeline/formats/guid.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { commandContext } from './context.ts';

const folder = scratchDirectory();

test('a VHDX that QEMU cannot read is told before anything is made', async () => {
  const image = join(folder, 'coarse.vhdx');
  await writeVhdx({ size: 3 * 2 ** 20, logicalSectorSize: 4096, physicalSectorSize: 4096, extents: [] }, image, {
    fixed: false,
    blockSize: 2 ** 20,
    fileWriteGuid: seededGuid('kelp', 'w'),
    dataWriteGuid: seededGuid('kelp', 'd'),
    diskId: seededGuid('kelp', 'i'),
    creator: 'kelp',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const options = {
    image,
    out: '/elsewhere',
    memoryMiB: 64,
    cpus: 1,
    network: false,
    sshPort: null,
    tpm: false,
    secureBoot: null,
    seed: null,
  };
  await expect(boot(commandContext(folder), options)).rejects.toMatchObject({
    name: 'UsageFault',
    message: `QEMU reads no VHDX with sectors of 4096 bytes, as ${image} has`,
    hint: 'use the raw form: caisson build NAME --format raw makes out/NAME/NAME.raw',
  });
});
