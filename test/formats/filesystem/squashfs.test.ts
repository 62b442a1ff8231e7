import { describe, expect, it } from 'vitest';
import { decodeFilesystem } from '../../../pipeline/formats/filesystem/decode.ts';
import { made, poke, spyOn } from '../made.ts';

const changed = (at: number, value: number, width: 2 | 4) => {
  const bytes = poke(made('squashfs'), { at, value, width });
  return decodeFilesystem(spyOn(bytes).read, bytes.length);
};

describe('the superblock of squashfs', () => {
  it.each<[string, number, number, 2 | 4, RegExp]>([
    ['version 3', 28, 3, 2, /version 3\.0; 4\.0 is known/],
    ['a block size that is not its logarithm', 12, 4096, 4, /blocks of 4096 and of 2\^16 bytes/],
    ['a compressor that is none', 20, 7, 2, /compressor 7/],
    ['an end inside the superblock', 40, 95, 4, /95 bytes in use/],
  ])('refuses %s', async (_, at, value, width, message) => expect(changed(at, value, width)).rejects.toThrow(message));

  it('tells the compressor', async () => {
    expect(await changed(20, 1, 2)).toMatchObject({ compression: ['gzip'] });
    expect(await changed(20, 6, 2)).toMatchObject({ compression: ['zstd'] });
  });
});
