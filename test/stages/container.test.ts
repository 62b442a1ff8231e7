/** Plans of each format, and what is asked of qemu-img; test/system/formats.test.ts lets others read the files. */
import { lstatSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withImage } from '../../pipeline/disk/read.ts';
import { decodeVhdFooter } from '../../pipeline/formats/vhd.ts';
import { container } from '../../pipeline/stages/container.ts';
import type { Artifact } from '../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { artifactOf, contextOf, type FakeContext } from './context.ts';
import { layoutOf, viewOf } from './documents.ts';

const MIB = 2 ** 20;
const folder = scratchDirectory();
const layout = layoutOf([{ size: 9 * MIB }], { sectorSize: 512 });
const view = viewOf({ layout });
const planOf = (options: Parameters<typeof container.resolve>[0]): ReturnType<typeof container.resolve> =>
  container.resolve(options, view);

/** A disk map of 6 MiB with "kelp" at 1 MiB. */
function disk(): Artifact {
  const kelp = artifactOf(folder, 'kelp');
  const map = {
    size: 6 * MIB,
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
    extents: [{ start: MIB, length: 4, input: 'state', offset: 0 }],
  };
  return { ...artifactOf(folder, JSON.stringify(map)), inputs: { state: kelp } };
}

const asRaw = (): Buffer => {
  const bytes = Buffer.alloc(6 * MIB);
  bytes.write('kelp', MIB);
  return bytes;
};

describe('a plan', () => {
  test('vhdx: as it always was, so that its key is', () => {
    expect(planOf({ format: 'vhdx', subformat: 'fixed', blockSize: '4 MiB' })).toEqual({
      file: 'galleon.vhdx',
      format: 'vhdx',
      fixed: true,
      blockSize: 4 * MIB,
      fileWriteGuid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      dataWriteGuid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      diskId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(planOf({ format: 'vhdx' })).toMatchObject({ fixed: false, blockSize: MIB });
  });

  test('raw and vhd need no program', () => {
    expect(planOf({ format: 'raw' })).toEqual({ file: 'galleon.raw', format: 'raw' });
    expect(planOf({ format: 'vhd' })).toEqual({
      file: 'galleon.vhd',
      format: 'vhd',
      uniqueId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  test('qcow2 and vmdk need qemu-img, and say so', () => {
    expect(planOf({ format: 'qcow2' })).toEqual({
      file: 'galleon.qcow2',
      format: 'qcow2',
      compression: 'none',
      tools: ['qemu-utils'],
    });
    expect(planOf({ format: 'vmdk' })).toEqual({
      file: 'galleon.vmdk',
      format: 'vmdk',
      subformat: 'streamOptimized',
      contentId: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      tools: ['qemu-utils'],
    });
    expect(planOf({ format: 'qcow2', compression: 'zlib' })).toMatchObject({ compression: 'zlib' });
    expect(planOf({ format: 'vmdk', subformat: 'monolithicSparse' })).toMatchObject({ subformat: 'monolithicSparse' });
  });

  test('ids follow the seed', () => {
    const other = container.resolve({ format: 'vhd' }, { ...view, seed: 'fresh water' });
    expect(other).not.toEqual(planOf({ format: 'vhd' }));
    expect(container.resolve({ format: 'vmdk' }, { ...view, seed: 'fresh water' })).not.toEqual(
      planOf({ format: 'vmdk' }),
    );
    expect(container.resolve({ format: 'vhd' }, { ...view, version: '8' })).toEqual(planOf({ format: 'vhd' }));
  });
});

describe('what is made', () => {
  test('raw, with the places of its data', async () => {
    const context = contextOf(folder, { inputs: { disk: disk() } });
    expect(await container.build(planOf({ format: 'raw' }), context)).toEqual({
      format: 'raw',
      size: 6 * MIB,
      extents: [[MIB, 4]],
    });
    expect(readFileSync(context.out).equals(asRaw())).toBe(true);
  });

  test('vhd: the raw disk and a footer with the seeded id and the epoch', async () => {
    const context = contextOf(folder, { inputs: { disk: disk() } });
    const plan = planOf({ format: 'vhd' });
    expect(await container.build(plan, context)).toEqual({
      format: 'vhd',
      size: 6 * MIB,
      extents: [
        [MIB, 4],
        [6 * MIB, 512],
      ],
    });
    const file = readFileSync(context.out);
    expect(file.subarray(0, 6 * MIB).equals(asRaw())).toBe(true);
    expect(decodeVhdFooter(file.subarray(6 * MIB))).toMatchObject({
      uniqueId: plan.format === 'vhd' ? plan.uniqueId : '',
      epoch: 1_444_444_444,
    });
    expect(statSync(context.out).blocks * 512).toBeLessThan(MIB);
  });

  test('vhdx', async () => {
    const context = contextOf(folder, { inputs: { disk: disk() } });
    expect(await container.build(planOf({ format: 'vhdx' }), context)).toEqual({ format: 'vhdx', size: 6 * MIB });
    await withImage(context.out, async image => expect(asRaw().equals(await image.read(0, 6 * MIB))).toBe(true));
  });

  test('qcow2: qemu-img converts a raw disk, under the name of publication', async () => {
    const context = contextOf(folder, { inputs: { disk: disk() } });
    await container.build(planOf({ format: 'qcow2' }), context);
    expect(context.calls).toEqual([
      {
        program: 'qemu-img',
        args: ['convert', '-f', 'raw', '-O', 'qcow2', '-o', 'compat=1.1', '/mnt/work/disk', '/mnt/work/galleon.qcow2'],
        options: {},
      },
    ]);
    expect(readFileSync(join(context.work, 'disk')).equals(asRaw())).toBe(true);
    expect(lstatSync(join(context.work, 'galleon.qcow2')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(context.work, 'galleon.qcow2'))).toBe('/mnt/work/artifact');
  });

  test('qcow2, compressed', async () => {
    const context = contextOf(folder, { inputs: { disk: disk() } });
    await container.build(planOf({ format: 'qcow2', compression: 'zstd' }), context);
    expect(context.calls[0]?.args).toEqual(expect.arrayContaining(['-c', 'compression_type=zstd']));
  });

  /** As qemu-img leaves it: a header that tells where the descriptor is, and a content id that it drew. */
  function writeVmdk(context: FakeContext): void {
    const bytes = Buffer.alloc(4096, 0xab);
    bytes.write('KDMV');
    bytes.writeBigUInt64LE(2n, 28);
    bytes.writeBigUInt64LE(1n, 36);
    bytes.write('# Disk DescriptorFile\nCID=5eed5eed\nparentCID=ffffffff\n', 1024);
    writeFileSync(context.out, bytes);
  }

  test('vmdk: with a content id of the seed, and nothing else changed', async () => {
    const context = contextOf(folder, { inputs: { disk: disk() }, run: (_, made) => writeVmdk(made) });
    const plan = planOf({ format: 'vmdk', subformat: 'monolithicSparse' });
    await container.build(plan, context);
    expect(context.calls[0]?.args).toEqual([
      'convert',
      '-f',
      'raw',
      '-O',
      'vmdk',
      '-o',
      'subformat=monolithicSparse,adapter_type=lsilogic,compat6',
      '/mnt/work/disk',
      '/mnt/work/galleon.vmdk',
    ]);
    const before = contextOf(folder);
    writeVmdk(before);
    const id = plan.format === 'vmdk' ? plan.contentId : '';
    const wanted = readFileSync(before.out, 'latin1').replace('CID=5eed5eed', `CID=${id}`);
    expect(readFileSync(context.out, 'latin1')).toBe(wanted);
  });
});

test('an input that the map names and nobody made is our mistake', async () => {
  const context = contextOf(folder, { inputs: { disk: { ...disk(), inputs: {} } } });
  await expect(container.build(planOf({ format: 'raw' }), context)).rejects.toThrow('the disk map names "state"');
});
