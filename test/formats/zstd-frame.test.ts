import { describe, expect, test } from 'vitest';
import { zstdFrameEnd } from '../../pipeline/formats/zstd-frame.ts';
import { spyOn } from './made.ts';

/** `printf galleon | zstd`: single segment, one raw block, checksum. */
const FRAME = Buffer.from('28b52ffd240739000067616c6c656f6e', 'hex');

describe('zstdFrameEnd', () => {
  test.each<[string, string, number]>([
    ['a checksum behind the last block', '28b52ffd2407390000 67616c6c656f6e aabbccdd', 20],
    ['no checksum', '28b52ffd2007390000 67616c6c656f6e', 16],
    ['a window, no content size', '28b52ffd0058 390000 67616c6c656f6e', 16],
    ['content size of 8 bytes, dictionary of 4', '28b52ffdc3 58 11223344 0700000000000000 390000 67616c6c656f6e', 28],
    ['a repeated byte takes one', '28b52ffd2007 3b0000 67', 10],
    ['two blocks', '28b52ffd2007 080000 67 310000 616c6c656f6e', 19],
  ])('%s', async (_, hex, end) => {
    const frame = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const source = Buffer.concat([Buffer.alloc(3), frame, Buffer.alloc(9, 1)]);
    expect(await zstdFrameEnd(spyOn(source).read, 3)).toBe(3 + end);
  });

  test.each<[string, Buffer, RegExp]>([
    ['another format', Buffer.alloc(20), /no frame at 0/],
    ['a reserved block', Buffer.from('28b52ffd20070f0000', 'hex'), /reserved type at 6/],
    [
      'empty blocks without end',
      Buffer.concat([FRAME.subarray(0, 6), Buffer.alloc(4 * 2 ** 20)]),
      /more than 1048576 blocks from 0 on/,
    ],
    ['cut short', FRAME.subarray(0, 7), /truncated/],
  ])('%s', async (_, bytes, message) => {
    await expect(zstdFrameEnd(spyOn(bytes).read, 0)).rejects.toThrow(message);
  });
});
