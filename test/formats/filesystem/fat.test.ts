import { describe, expect, it } from 'vitest';
import { decodeFilesystem } from '../../../pipeline/formats/filesystem/decode.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { made, poke, spyOn } from '../made.ts';

type Field = [number, number, 1 | 2 | 4];
const decode = (bytes: Uint8Array) => decodeFilesystem(spyOn(bytes).read, 2 ** 60);
const changed = (name: string, ...fields: Field[]) => {
  let bytes = made(name);
  for (const [at, value, width] of fields) bytes = poke(bytes, { at, value, width });
  return decode(bytes);
};
/** As fsck.vfat says where they start. */
const FAT16 = { first: 4096, second: 4096 + 12_288, root: 28_672 };
const FAT32 = { first: 2048, second: 2048 + 24_576, root: 51_200 };

describe('FAT', () => {
  it('takes the label of the root directory before that of the boot sector', async () => {
    const bytes = made('fat16');
    bytes.set(new TextEncoder().encode('URCHIN     '), FAT16.root);
    expect(await decode(bytes)).toMatchObject({ label: 'URCHIN' });
    bytes.fill(0, FAT16.root, FAT16.root + 32);
    expect(await decode(bytes)).toMatchObject({ label: 'KELP 16' });
    bytes.set(new TextEncoder().encode('NO NAME    '), 43);
    expect(await decode(bytes)).toMatchObject({ label: '' });
  });

  it('finds the root directory of FAT32 in its cluster', async () => {
    const bytes = made('fat32');
    bytes.set(new TextEncoder().encode('URCHIN     '), FAT32.root);
    expect(await decode(bytes)).toMatchObject({ label: 'URCHIN' });
  });

  it('has no serial and no label of its own without the extended signature', async () =>
    expect(await changed('fat12', [38, 0x28, 1])).toMatchObject({ uuid: null, label: 'KELP 12' }));

  it.each<[string, string, Field, string]>([
    ['a dirty FAT16 by its boot sector', 'fat16', [37, 1, 1], 'not unmounted cleanly'],
    ['a dirty FAT32 by its boot sector', 'fat32', [65, 1, 1], 'not unmounted cleanly'],
  ])('tells %s', async (_, name, field, fault) =>
    expect(await changed(name, field)).toMatchObject({ faults: [fault] }),
  );

  it('tells a dirty file system and a disk that failed by the FAT', async () => {
    expect(await changed('fat16', [FAT16.first + 2, 0x7fff, 2], [FAT16.second + 2, 0x7fff, 2])).toMatchObject({
      faults: ['not unmounted cleanly'],
    });
    expect(await changed('fat32', [FAT32.first + 4, 0x03ffffff, 4], [FAT32.second + 4, 0x03ffffff, 4])).toMatchObject({
      faults: ['not unmounted cleanly', 'a read or write of it failed'],
    });
  });

  it('tells FATs that differ, but not where mirroring is off', async () => {
    expect(await changed('fat32', [FAT32.second + 400, 9, 4])).toMatchObject({ faults: ['its two FATs differ'] });
    expect(await changed('fat32', [FAT32.second + 400, 9, 4], [40, 0x80, 2])).toMatchObject({
      faults: [],
      free: 5994 * 512,
    });
    // The second FAT is the one that counts, and says that one cluster more is in use.
    expect(await changed('fat32', [FAT32.second + 400, 9, 4], [40, 0x81, 2])).toMatchObject({
      faults: [],
      free: 5993 * 512,
    });
    await expect(changed('fat32', [40, 0x82, 2])).rejects.toThrow(/FAT 3 of 2 is the active one/);
  });

  it('does not count a FAT above 64 MiB', async () => {
    const clusters = 2 ** 24;
    const sectors = Math.ceil(((clusters + 2) * 4) / 512);
    const bytes = made('fat32');
    const fields: Field[] = [
      [19, 0, 2],
      [36, sectors, 4],
      [32, 4 + 2 * sectors + clusters, 4],
    ];
    const large = fields.reduce((all, [at, value, width]) => poke(all, { at, value, width }), bytes);
    const file = new Uint8Array(50 * 1024);
    file.set(large.subarray(0, file.length));
    const read = async (offset: number, length: number) => {
      const part = new Uint8Array(length);
      part.set(file.subarray(offset, offset + length).subarray(0, length));
      return part;
    };
    expect(await decodeFilesystem(read, 2 ** 60)).toMatchObject({
      free: null,
      used: null,
      size: (4 + 2 * sectors + clusters) * 512,
    });
  });

  it.each<[string, Field, RegExp]>([
    ['sectors of 256 bytes', [11, 256, 2], /sectors of 256 bytes/],
    ['clusters of 3 sectors', [13, 3, 1], /clusters of 3 sectors/],
    ['no FAT', [16, 0, 1], /0 FATs of 24 sectors/],
    ['an end before its data', [19, 80, 2], /of 80 sectors in all/],
    ['a FAT too small for its clusters', [22, 2, 2], /FAT of 2 sectors for/],
  ])('refuses %s when it calls itself FAT, else it is none', async (_, field, message) => {
    await expect(changed('fat16', field)).rejects.toThrow(message);
    await expect(changed('fat16', field)).rejects.toThrow(FormatFault);
    expect(await changed('fat16', field, [54, 0x20202020, 4])).toBeNull();
  });

  it('refuses a root directory outside of it', async () =>
    expect(changed('fat32', [44, 0x0ffffff0, 4])).rejects.toThrow(/root directory is outside/));
});
