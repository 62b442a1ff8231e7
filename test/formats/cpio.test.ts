import { describe, expect, test } from 'vitest';
import { readCpio } from '../../pipeline/formats/cpio.ts';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { cpioOf } from './cpio.ts';
import { spyOn } from './made.ts';

const read = async (bytes: Buffer, start = 0): ReturnType<typeof readCpio> =>
  readCpio(spyOn(bytes).read, { start, end: bytes.length });

describe('readCpio', () => {
  test('entries with the place of their content, and the end of the archive', async () => {
    const archive = cpioOf([
      { name: 'sail/', mode: 0o041755 },
      { name: 'sail/boom', mode: 0o104755, uid: 33, content: 'spruce' },
      { name: 'mast', mode: 0o120777, content: 'sail/boom' },
    ]);
    const bytes = Buffer.concat([Buffer.alloc(8), archive, Buffer.from('more')]);
    const { entries, end } = await read(bytes, 8);
    expect(end).toBe(8 + archive.length);
    expect(entries.map(({ path, type, mode, uid, gid }) => [path, type, mode, uid, gid])).toEqual([
      ['/sail', 'directory', 0o1755, 0, 5],
      ['/sail/boom', 'file', 0o4755, 33, 5],
      ['/mast', 'symlink', 0o777, 0, 5],
    ]);
    expect(entries.map(({ start, end }) => bytes.subarray(start, end).toString())).toEqual(['', 'spruce', 'sail/boom']);
  });

  test('paths that lead out end where the kernel lets them end', async () => {
    const names = ['../../etc/shadow', '/abs', './a/../../b', 'a//b/.', 'n'];
    const { entries } = await read(cpioOf(names.map(name => ({ name, mode: 0o100644 }))));
    expect(entries.map(each => each.path)).toEqual(['/etc/shadow', '/abs', '/b', '/a/b', '/n']);
  });

  test('hard links share a text, whoever has none has one link', async () => {
    const { entries } = await read(
      cpioOf([
        { name: 'a', mode: 0o100644, inode: 40, links: 2 },
        { name: 'b', mode: 0o100644, inode: 40, links: 2, content: 'x' },
        { name: 'c', mode: 0o100644, inode: 41 },
      ]),
    );
    expect(entries.map(each => each.link)).toEqual(['8:3:40', '8:3:40', null]);
  });

  const sound = cpioOf([{ name: 'keel', mode: 0o100644, content: 'oak' }]);
  test.each<[string, Buffer, RegExp]>([
    ['another format', Buffer.alloc(200, 'x'), /no header at 0/],
    ['cut short', sound.subarray(0, 130), /truncated/],
    ['no trailer', sound.subarray(0, 120), /truncated/],
    [
      'a file behind the end',
      Buffer.from(sound.toString('latin1').replace('00000003', 'ffffffff'), 'latin1'),
      /behind the end/,
    ],
    [
      'a name of 4 GiB',
      Buffer.from(sound.toString('latin1').replace('0000000500000000', 'ffffffff00000000'), 'latin1'),
      /name of 4294967295/,
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toBeInstanceOf(FormatFault);
  });
});
