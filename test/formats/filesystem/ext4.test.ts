import { describe, expect, it } from 'vitest';
import { decodeFilesystem } from '../../../pipeline/formats/filesystem/decode.ts';
import { readExt4Use } from '../../../pipeline/formats/filesystem/ext4.ts';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { made, poke, spyOn } from '../made.ts';

const SUPERBLOCK = 1024;
/** No checksum of metadata in ext2 and ext3: every field may be changed. */
const changed = (name: string, ...fields: [number, number, 1 | 2 | 4][]) => {
  let bytes = made(name);
  for (const [at, value, width] of fields) bytes = poke(bytes, { at: SUPERBLOCK + at, value, width });
  return decodeFilesystem(spyOn(bytes).read, 2 ** 60);
};

describe('the superblock of ext2, ext3 and ext4', () => {
  it.each<[string, number, string]>([
    ['not valid', 0, 'not unmounted cleanly'],
    ['with errors', 1 | 2, 'the kernel found errors in it'],
    ['with orphans', 1 | 4, 'orphaned inodes are still to be removed'],
  ])('tells a state: %s', async (_, state, fault) =>
    expect(await changed('ext2', [0x3a, state, 2])).toMatchObject({ faults: [fault] }),
  );

  it('tells a journal that is to be replayed, once', async () =>
    expect(await changed('ext3', [0x60, 0x2 | 0x4, 4], [0x3a, 0, 2])).toMatchObject({
      variant: 'ext3',
      faults: ['journal to be replayed: it was not unmounted cleanly'],
    }));

  it('is an ext4 once one feature of it is there', async () => {
    expect(await changed('ext3', [0x60, 0x2 | 0x40, 4])).toMatchObject({ variant: 'ext4' });
    expect(await changed('ext2', [0x64, 0x1 | 0x8, 4])).toMatchObject({ variant: 'ext4' });
  });

  it('counts blocks in 64 bits where that feature is on, in 32 where it is off', async () => {
    const high: [number, number, 4][] = [
      [0x150, 5, 4],
      [0x158, 3, 4],
    ];
    expect(await changed('ext2', [0x60, 0x2 | 0x80, 4], ...high)).toMatchObject({
      size: (5 * 2 ** 32 + 1024) * 1024,
      free: (3 * 2 ** 32 + 943) * 1024,
      used: (2 * 2 ** 32 + 81) * 1024,
    });
    expect(await changed('ext2', ...high)).toMatchObject({ size: 2 ** 20, free: 943 * 1024 });
  });

  it('may be without UUID, label and time', async () => {
    const none = [0, 4, 8, 12].map((at): [number, number, 4] => [0x68 + at, 0, 4]);
    expect(await changed('ext2', ...none, [0x78, 0, 1], [0x108, 0, 4])).toMatchObject({
      uuid: null,
      label: '',
      made: null,
    });
  });

  it('knows a label of 16 bytes, which has no NUL', async () => {
    const bytes = made('ext2');
    bytes.set(new TextEncoder().encode('sixteen letters!'), SUPERBLOCK + 0x78);
    expect(await decodeFilesystem(spyOn(bytes).read, bytes.length)).toMatchObject({ label: 'sixteen letters!' });
  });

  it.each<[string, string, [number, number, 1 | 2 | 4], RegExp]>([
    ['more free than there are', 'ext2', [0xc, 1025, 4], /1025 of 1024 blocks are free/],
    ['no blocks', 'ext2', [0x4, 0, 4], /of 0 blocks/],
    ['blocks of 128 KiB', 'ext2', [0x18, 7, 4], /block size 2\^17/],
    ['a changed count under a checksum', 'ext4', [0xc, 1, 4], /CRC-32C of the superblock is [0-9a-f]+, it says/],
    ['a changed checksum', 'ext4', [0x3fc, 1, 4], /it says 1$/],
  ])('refuses %s', async (_, name, field, message) => {
    await expect(changed(name, field)).rejects.toThrow(message);
    await expect(changed(name, field)).rejects.toThrow(FormatFault);
  });

  it('leaves the journal of another file system alone', async () =>
    expect(await changed('ext2', [0x60, 0x8, 4])).toBeNull());
});

describe('the use of an ext4', () => {
  const useOf = (name: string, ...fields: [number, number, 1 | 2 | 4][]) => {
    let bytes = made(name);
    for (const [at, value, width] of fields) bytes = poke(bytes, { at: SUPERBLOCK + at, value, width });
    return readExt4Use(spyOn(bytes).read);
  };

  it.each(['ext2', 'ext3', 'ext4'])('counts what was put there: a folder and two files, in %s', async name =>
    expect(await useOf(name)).toEqual({ mounted: false, files: 3 }),
  );

  it.each<[string, [number, number, 1 | 2 | 4]]>([
    ['a time', [0x2c, 1_750_000_007, 4]],
    ['a count', [0x34, 1, 2]],
  ])('tells by %s that it was mounted', async (_, field) =>
    expect(await useOf('ext4', field)).toMatchObject({ mounted: true }),
  );

  it('takes the file of orphans for none', async () =>
    expect(await useOf('ext2', [0x5c, 0x1000, 4])).toMatchObject({ files: 2 }));
});
