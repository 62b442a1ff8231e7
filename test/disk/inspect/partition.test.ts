import { describe, expect, it } from 'vitest';
import { inspectPartition, type PartitionOptions } from '../../../pipeline/disk/inspect/partition.ts';
import { made, poke } from '../../formats/made.ts';
import { scratchDirectory } from '../scratch.ts';
import { diskOf, filesOf, MIB, rawImage } from './image.ts';

const scratch = scratchDirectory();
const { bytes, partitions } = diskOf([
  { name: 'Kelp', content: made('fat12') },
  { name: '', content: made('fat16') },
  { name: 'Reef', content: made('squashfs') },
]);
const [kelp, nameless, reef] = partitions as [(typeof partitions)[0], (typeof partitions)[0], (typeof partitions)[0]];

function options(changes: Partial<PartitionOptions> = {}): PartitionOptions {
  const files = filesOf({ Kelp: { '/a.efi': made('addon') }, '': {} }, scratch);
  return { read: rawImage(bytes).read, slot: null, files, notes: [], budget: { copied: 2 ** 30 }, ...changes };
}

describe('inspectPartition', () => {
  it('searches FAT partitions as long as little enough must be copied', async () => {
    const spent = options({ budget: { copied: 50_000 } });
    expect((await inspectPartition(kelp, spent)).efi).toHaveLength(1);
    // FAT, root directory and 14 clusters of the first are gone from the budget.
    expect(spent.budget.copied).toBe(50_000 - (2 ** 21 - 1000 * 2048));
    expect((await inspectPartition(nameless, spent)).efi).toBeNull();
    expect(spent.notes).toEqual(['partition 4: not searched for EFI programs: it holds more than 848 B']);
  });

  it('searches FAT partitions alone', async () => {
    const found = await inspectPartition(reef, options());
    expect(found).toMatchObject({ content: 'filesystem', filesystem: { type: 'squashfs' }, efi: null, used: 510 });
  });

  it('has nothing to tell of a partition that ends before it starts', async () => {
    const odd = await inspectPartition({ ...kelp, end: kelp.start - 512 }, options());
    expect(odd).toMatchObject({ size: 0, content: 'empty', faults: [] });
  });

  it.each([0, 4096])('finds the hash tree %i bytes behind an ext4, which its file may be longer', async more => {
    const content = new Uint8Array(4 * MIB);
    content.set(made('ext4'));
    const tree = poke(made('tree-sha256-1'), { at: 72, value: (3 * MIB + more) / 4096, width: 4 });
    content.set(tree, 3 * MIB + more);
    const { bytes: disk, partitions } = diskOf([{ name: 'Sand', content }]);
    const found = await inspectPartition(
      partitions[0] as (typeof partitions)[0],
      options({ read: rawImage(disk).read }),
    );
    expect(found).toMatchObject({ verity: { offset: 3 * MIB + more }, faults: [] });
  });

  it('lets errors through that are no fault of the image', async () => {
    const files = { scratch, open: async () => Promise.reject(new Error('no tools tree')) };
    await expect(inspectPartition(kelp, options({ files }))).rejects.toThrow('no tools tree');
  });
});
