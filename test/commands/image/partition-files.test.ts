import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageFault } from '../../../pipeline/commands/context.ts';
import { openPartitionFiles } from '../../../pipeline/commands/image/partition-files.ts';
import { withImage } from '../../../pipeline/disk/read.ts';
import { writeRaw, writeVhdx } from '../../../pipeline/disk/write.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import type { PartitionTree } from '../../../pipeline/formats/partition-files.ts';
import { scratchDirectory } from '../../disk/scratch.ts';
import { programsOf, putProgram, workshop } from '../../engine/steps.ts';
import { entries, erofsOf, nidOf } from '../../formats/erofs-image.ts';

const MIB = 2 ** 20;
const folder = scratchDirectory();
const { signal } = new AbortController();
let count = 0;

const { image: erofs } = erofsOf([
  {
    mode: 0o040755,
    content: entries([
      { name: 'ant', nid: nidOf(1) },
      { name: 'bad', nid: nidOf(2) },
    ]),
  },
  { mode: 0o100644, content: Buffer.from('tide') },
  { mode: 0o040755, layout: 3, content: Buffer.from('x') },
]);
const partition = { name: 'Re\u001b[2Jef', start: 2 * MIB, end: 5 * MIB };

interface Opened {
  tree: PartitionTree;
  target: string;
  scratch: string;
  /** Host file that was the image, and offset, of each run. */
  ran: () => string[];
}

/** The disk in a file, opened; dump.erofs writes the first bytes of what it was given. */
async function opened(kind: 'raw' | 'dynamic' | 'fixed', use: (opened: Opened) => Promise<void>): Promise<void> {
  const place = join(folder, `${count++}`);
  const shop = workshop(place);
  putProgram(
    shop,
    'bwrap',
    String.raw`PATH=/usr/bin:/bin
while [ $# -gt 0 ]; do
  [ "$1" = --bind ] && [ "$3" = /mnt/stdout ] && out=$2
  [ "$1" = --ro-bind ] && [ "$3" = /mnt/image ] && image=$2
  case $1 in --offset=*) offset=$(echo "$1" | cut -d = -f 2) ;; esac
  shift
done
echo "$image $offset" >> "$0.ran"
tail -c +$((offset + 1025)) "$image" | head -c 4 > "$out"`,
  );
  const file = join(place, 'disk');
  const map = {
    size: 8 * MIB,
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
    extents: [{ start: partition.start, bytes: erofs }],
  };
  const write = { signal, onProgress: () => undefined };
  const guid = '11111111-aaaa-4bbb-8ccc-0123456789ab';
  const identity = { fileWriteGuid: guid, dataWriteGuid: guid, diskId: guid, creator: 'kelp' };
  if (kind === 'raw') await writeRaw(map, file, write);
  else await writeVhdx(map, file, { ...write, ...identity, fixed: kind === 'fixed', blockSize: MIB });
  const scratch = join(place, 'scratch');
  mkdirSync(scratch);
  await withImage(file, async image => {
    const tree = await openPartitionFiles(image, partition, { ...shop, file, filesystem: 'erofs', scratch });
    mkdirSync(join(place, 'host'));
    const ran = (): string[] =>
      readFileSync(join(programsOf(shop.environment), 'bwrap.ran'), 'utf8')
        .trim()
        .split('\n');
    await use({ tree, target: join(place, 'host/x'), scratch, ran });
  });
}

const MAGIC = Buffer.from([0xe2, 0xe1, 0xf5, 0xe0]);

describe('programs get the partition', () => {
  test('of a raw disk in the image itself', async () => {
    await opened('raw', async ({ tree, target, scratch, ran }) => {
      await tree.extract('/ant', target);
      expect(readFileSync(target)).toEqual(MAGIC);
      expect(ran()).toEqual([`${join(scratch, '../disk')} ${2 * MIB}`]);
      expect(readdirSync(scratch)).toEqual([]);
    });
  });

  test('of a fixed VHDX in the image itself', async () => {
    await opened('fixed', async ({ tree, target, scratch, ran }) => {
      await tree.extract('/ant', target);
      expect(readFileSync(target)).toEqual(MAGIC);
      expect(ran()[0]).toMatch(/\/disk \d+$/);
      expect(readdirSync(scratch)).toEqual([]);
    });
  });

  test('of a dynamic VHDX as a copy, made once', async () => {
    await opened('dynamic', async ({ tree, target, scratch, ran }) => {
      expect((await tree.list('/')).map(each => each.path)).toEqual(['/ant', '/bad']);
      expect(readdirSync(scratch)).toEqual([]);
      await tree.extract('/ant', target);
      expect(readFileSync(target)).toEqual(MAGIC);
      const copy = join(scratch, readdirSync(scratch)[0] ?? '');
      const bytes = readFileSync(copy);
      expect(bytes.length).toBe(3 * MIB);
      expect(bytes.subarray(0, erofs.length).equals(erofs)).toBe(true);
      writeFileSync(copy, Buffer.alloc(2048, 'k'));
      await tree.extract('/ant', target);
      expect(readFileSync(target, 'utf8')).toBe('kkkk');
      expect(ran()).toEqual([`${copy} 0`, `${copy} 0`]);
    });
  });
});

test('a long copy is told', async () => {
  const size = 600 * MIB;
  const map = { size, logicalSectorSize: 512, physicalSectorSize: 4096, extents: [{ start: 0, bytes: erofs }] };
  const guid = '11111111-aaaa-4bbb-8ccc-0123456789ab';
  const identity = { fileWriteGuid: guid, dataWriteGuid: guid, diskId: guid, creator: 'kelp' };
  const place = join(folder, `${count++}`);
  const shop = workshop(place);
  putProgram(shop, 'bwrap', ':');
  mkdirSync(join(place, 'scratch'));
  const file = join(place, 'disk');
  await writeVhdx(map, file, { ...identity, fixed: false, blockSize: 2 ** 28, signal, onProgress: () => undefined });
  await withImage(file, async image => {
    const options = { ...shop, file, filesystem: 'erofs' as const, scratch: join(place, 'scratch') };
    const tree = await openPartitionFiles(image, { name: 'Reef', start: 0, end: size }, options);
    await expect(tree.extract('/ant', join(place, 'out'))).rejects.toThrow(/only 0 of the 4 bytes/);
  });
  expect(shop.events[0]).toMatchObject({ type: 'started', task: { id: 'copy Reef' } });
  expect(shop.events[64]).toMatchObject({ type: 'progress', id: 'copy Reef', fraction: 0.25, detail: '64 MiB' });
  expect(shop.events.at(-1)).toMatchObject({ type: 'finished', id: 'copy Reef', detail: '256 MiB' });
});

describe('faults come without control characters, and name the partition', () => {
  test.each([
    ['of a path', '/a\u001b[2Jnt', UsageFault, 'Reef:/ant: there is no "ant" in /', 'it holds ant, bad'],
    [
      'of damage',
      '/bad/x',
      FormatFault,
      'Reef: Caisson cannot read its erofs: damaged erofs: the content of inode 288 has layout 3',
      'it is damaged',
    ],
  ])('%s', async (_, wanted, kind, message, hint) => {
    await opened('raw', async ({ tree }) => {
      const error = await tree.list(wanted).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ message });
      expect((error as UsageFault).hint).toContain(hint);
    });
  });

  test.each([
    [2 * MIB, 9 * MIB],
    [2 * MIB, 2 * MIB],
  ])('of a partition at [%i, %i)', async (start, end) => {
    await opened('raw', async ({ scratch }) => {
      const file = join(scratch, '../disk');
      const opening = withImage(file, async image =>
        openPartitionFiles(
          image,
          { name: '', start, end },
          { ...workshop(scratch), file, filesystem: 'erofs', scratch },
        ),
      );
      await expect(opening).rejects.toThrow(FormatFault);
      await expect(opening).rejects.toThrow(
        `the partition at ${start} is at [${start}, ${end}) of a disk of ${8 * MIB} bytes`,
      );
    });
  });
});
