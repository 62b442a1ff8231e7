/** What is asked of e2fsck and what becomes of its answers; the program itself is in test/system. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cutChecks, type CutChecks } from '../../../../pipeline/commands/prove/powercut/cut-fsck.ts';
import { inspectImage } from '../../../../pipeline/disk/inspect.ts';
import type { Piece } from '../../../../pipeline/powercut/written-disk.ts';
import { diskOf, MIB, rawImage } from '../../../disk/inspect/image.ts';
import { scratchDirectory } from '../../../disk/scratch.ts';
import { putProgram, workshop } from '../../../engine/steps.ts';
import { made, spyOn } from '../../../formats/made.ts';

const folder = scratchDirectory();
let count = 0;

/** In place of bubblewrap: notes the file systems it is given; ends as their first byte says, and talks about it. */
const SANDBOX = `
while [ "$1" != -- ]; do [ "$1 $3" = "--bind /mnt/work" ] && work=$2; shift; done
shift 5
echo "$*" >>"$work/calls"
echo sailing; echo hull; echo "planks of \${1##*/}"; echo rotten
exit "$(head -c 1 "$work/\${1##*/}" | od -An -tu1)"`;

/** The first byte of the log says what becomes of a file system into which it was written. */
async function checks(exitCode: number): Promise<{ own: CutChecks; calls: () => string[]; pieces: Piece[] }> {
  const shop = workshop(path.join(folder, `${count++}`));
  putProgram(shop, 'bwrap', SANDBOX);
  const { bytes, partitions } = diskOf([
    { name: 'Shells', content: made('ext4'), size: 4 * MIB },
    { name: 'Pearls', content: made('ext4'), size: 4 * MIB },
  ]);
  const image = rawImage(bytes);
  const scratch = path.dirname(shop.environment.cache);
  const own = cutChecks({
    image,
    log: spyOn(Uint8Array.of(exitCode, 77)).read,
    filesystems: (await inspectImage(image, 'not here')).partitions,
    kept: [
      { partition: 'Pearls', path: '/a/b', sha256: 'abc' },
      { partition: 'Pearls', path: '/c', sha256: 'def' },
    ],
    tools: '/trees/chest',
    environment: shop.environment,
    scratch,
    signal: shop.signal,
  });
  const calls = path.join(scratch, 'calls');
  const start = partitions[1]?.start ?? 0;
  return {
    own,
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n').toSorted() : []),
    pieces: [{ start, end: start + 1, at: 0 }],
  };
}

test('each file system is asked about once for all disks that have the same bytes in it', async () => {
  const { own, calls, pieces } = await checks(1);
  for (const each of [[], pieces, [], pieces]) expect(await own.check(each)).toEqual([]);
  expect(calls()).toEqual(['/mnt/work/cut-3', '/mnt/work/cut-4 /a/b abc /c def', '/mnt/work/cut-4 /a/b abc /c def']);
  expect(own.results()).toEqual([
    { partition: 'Shells', states: 1, corrected: 0, failed: 0 },
    { partition: 'Pearls', states: 2, corrected: 1, failed: 0 },
  ]);
});

test.each([
  [12, 'Pearls: e2fsck gives up: hull; planks of cut-4; rotten'],
  [13, 'Pearls: e2fsck finds: hull; planks of cut-4; rotten'],
  [14, 'Pearls: after e2fsck: hull; planks of cut-4; rotten'],
])('exit code %i is what is wrong', async (exitCode, fault) => {
  const { own, pieces } = await checks(exitCode);
  expect(await own.check(pieces)).toEqual([fault]);
  expect(await own.check(pieces)).toEqual([fault]);
  expect(own.results()).toContainEqual({ partition: 'Pearls', states: 1, corrected: 0, failed: 1 });
});

test('a program that does not run says nothing about the disk', async () => {
  const { own, pieces } = await checks(127);
  await expect(own.check(pieces)).rejects.toThrow('e2fsck does not run');
});
