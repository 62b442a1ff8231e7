import { describe, expect, it } from 'vitest';
import { decodeFilesystem } from '../../../pipeline/formats/filesystem/decode.ts';
import { made, poke, spyOn } from '../made.ts';

const SUPERBLOCK = 1024;
const decode = (bytes: Uint8Array) => decodeFilesystem(spyOn(bytes).read, 2 ** 60);
const changed = (at: number, value: number, width: 1 | 2 | 4) =>
  decode(poke(made('erofs-plain'), { at: SUPERBLOCK + at, value, width }));

describe('the superblock of erofs', () => {
  it('must have its checksum, over the rest of its block', async () => {
    for (const at of [5, 12, 200, 3000]) {
      const bytes = made('erofs-zstd');
      bytes[SUPERBLOCK + at] = (bytes[SUPERBLOCK + at] ?? 0) ^ 1;
      await expect(decode(bytes)).rejects.toThrow(/damaged erofs: (CRC-32C of the superblock is|block size)/);
    }
  });

  it('tells every algorithm it may be packed with', async () => {
    const several = poke(made('erofs-plain'), { at: SUPERBLOCK + 80, value: 0x3, width: 4 });
    expect(await decode(poke(several, { at: SUPERBLOCK + 84, value: 0b1011, width: 2 }))).toMatchObject({
      compression: ['lz4', 'lzma', 'zstd'],
    });
  });

  it('counts blocks in 48 bits where that feature is on', async () => {
    const bare = poke(made('erofs-plain'), { at: SUPERBLOCK + 112, value: 36, width: 4 });
    const high = poke(bare, { at: SUPERBLOCK + 14, value: 7, width: 2 });
    expect(await decode(high)).toMatchObject({ size: 50 * 512 });
    const wide = poke(high, { at: SUPERBLOCK + 80, value: 0x80, width: 4 });
    expect(await decode(wide)).toMatchObject({ size: (7 * 2 ** 32 + 50) * 512 });
  });

  it.each<[string, number, number, 1 | 4, RegExp]>([
    ['blocks of 256 bytes', 12, 8, 1, /block size 2\^8/],
    ['blocks of 128 KiB', 12, 17, 1, /block size 2\^17/],
    ['no blocks', 36, 0, 4, /0 blocks of 512 bytes/],
  ])('refuses %s', async (_, at, value, width, message) => expect(changed(at, value, width)).rejects.toThrow(message));
});
