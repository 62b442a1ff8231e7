// One write of a disk map as VHDX, in a process of its own; prints its seconds. `--blocks FILE`: blocks a VHDX holds.
import { readFileSync } from 'node:fs';
import { withImage } from '../dist/disk/read.js';
import { writeVhdx } from '../dist/disk/write.js';
import { seededGuid } from '../dist/formats/guid.js';

const [first, second] = process.argv.slice(2);
if (first === '--blocks') console.log(await withImage(second, async image => image.vhdx.presentBlocks));
else {
  const map = JSON.parse(readFileSync(first, 'utf8'));
  const guid = name => seededGuid('bench', name);
  const start = performance.now();
  await writeVhdx(map, second, {
    fixed: false,
    blockSize: 2 ** 20,
    fileWriteGuid: guid('w'),
    dataWriteGuid: guid('d'),
    diskId: guid('i'),
    creator: 'Caisson',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  console.log((performance.now() - start) / 1000);
}
