import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { foreignFile } from '../../pipeline/formats/foreign.ts';

const at = (place: number, ...parts: (string | number[])[]): Buffer =>
  Buffer.concat([Buffer.alloc(place), ...parts.map(part => Buffer.from(part as string, 'latin1')), Buffer.alloc(99)]);
const vhd = (kind: number): Buffer => {
  const bytes = at(0, 'conectix');
  bytes.writeUInt32BE(kind, 60);
  return bytes;
};

describe('foreignFile', () => {
  it.each<[string, Buffer, string]>([
    ['a dynamic VHD', vhd(3), 'convert it first: qemu-img convert -f vpc -O raw a/b.x a/b.x.raw'],
    ['a differencing VHD', vhd(4), 'merge it with its parent first, in Hyper-V: Merge-VHD a/b.x'],
    [
      'a qcow2 image',
      at(0, 'QFI', [0xfb, 0, 0, 0, 3]),
      'convert it first: qemu-img convert -f qcow2 -O raw a/b.x a/b.x.raw',
    ],
    ['a VMDK image', at(0, 'KDMV'), 'convert it first: qemu-img convert -f vmdk -O raw a/b.x a/b.x.raw'],
    ['a VMDK image of ESX', at(0, 'COWD'), 'convert it first: qemu-img convert -f vmdk -O raw a/b.x a/b.x.raw'],
    [
      'the descriptor of a VMDK image',
      at(0, '# Disk DescriptorFile\n'),
      'convert it first: qemu-img convert -f vmdk -O raw a/b.x a/b.x.raw',
    ],
    [
      'a VDI image',
      at(0x40, [0x7f, 0x10, 0xda, 0xbe]),
      'convert it first: qemu-img convert -f vdi -O raw a/b.x a/b.x.raw',
    ],
    ['compressed by zstd', at(0, [0x28, 0xb5, 0x2f, 0xfd]), 'uncompress it first: zstd -d --sparse a/b.x'],
    ['compressed by gzip', gzipSync('kelp'), 'uncompress it first: gzip -dk a/b.x'],
    ['compressed by xz', at(0, [0xfd], '7zXZ', [0]), 'uncompress it first: xz -dk a/b.x'],
    ['a ZIP archive', at(0, 'PK', [3, 4]), 'uncompress it first: unzip a/b.x'],
  ])('%s, and the way out', (what, head, wayOut) => {
    const found = foreignFile(head);
    expect(found?.what).toBe(what);
    expect(found?.wayOut('a/b.x')).toBe(wayOut);
  });

  it('a path that a shell would split is quoted', () =>
    expect(foreignFile(at(0, 'PK', [3, 4]))?.wayOut("my disk's.zip")).toBe(
      String.raw`uncompress it first: unzip 'my disk'\''s.zip'`,
    ));

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(512)],
    ['a VHDX', at(0, 'vhdxfile')],
    ['half a signature', Buffer.from('QFI')],
    ['the footer of a fixed VHD', vhd(2)],
    ['a signature at another place', at(1, 'KDMV')],
  ])('%s is none', (_, head) => expect(foreignFile(head)).toBeNull());
});
