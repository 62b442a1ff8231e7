import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { vmdkDescriptorPlace, withVmdkContentId } from '../../pipeline/formats/vmdk.ts';

/** The header of `qemu-img create -f vmdk FILE 3M` (10.0.13), up to the last field that is set. */
const header = Buffer.concat([
  Buffer.from(
    '4b444d5601000000030000000018000000000000800000000000000001000000000000001400000000000000000200001500000000000000' +
      '1a000000000000008000000000000000000a200d0a',
    'hex',
  ),
  Buffer.alloc(435),
]);
const descriptor = Buffer.concat([
  Buffer.from(
    '# Disk DescriptorFile\nversion=1\nCID=878b8195\nparentCID=ffffffff\ncreateType="streamOptimized"\nRW 6144 SPARSE "kélp.vmdk"\n',
  ),
  Buffer.alloc(40),
]);

describe('vmdkDescriptorPlace', () => {
  it('is where qemu-img put it', () => expect(vmdkDescriptorPlace(header)).toEqual({ start: 512, length: 10_240 }));

  it.each<[string, Buffer]>([
    ['half a header', header.subarray(0, 300)],
    ['another file', Buffer.alloc(512)],
    ['a descriptor elsewhere', Buffer.from(header).fill(0, 28, 44)],
    ['no length', Buffer.from(header).fill(0, 36, 44)],
    ['a length beyond sense', Buffer.from(header).fill(1, 36, 44)],
  ])('refuses %s', (_, bytes) => expect(() => vmdkDescriptorPlace(bytes)).toThrow(FormatFault));
});

describe('withVmdkContentId', () => {
  it('changes the eight digits and nothing else', () => {
    const hex = fc.integer({ min: 0, max: 2 ** 32 - 2 }).map(number => number.toString(16).padStart(8, '0'));
    fc.assert(
      fc.property(hex, id => {
        const changed = Buffer.from(withVmdkContentId(descriptor, id));
        const at = descriptor.indexOf('CID=') + 4;
        expect(changed.toString('latin1', at, at + 8)).toBe(id);
        expect(changed.subarray(0, at)).toEqual(descriptor.subarray(0, at));
        expect(changed.subarray(at + 8)).toEqual(descriptor.subarray(at + 8));
      }),
    );
  });

  it('gives the same for a random id with fewer digits, as qemu-img writes one in sixteen', () => {
    const short = Buffer.from(
      `${descriptor.toString('latin1').replaceAll('\0', '').replace('CID=878b8195', 'CID=8b81')}${'\0'.repeat(44)}`,
      'latin1',
    );
    expect(short).toHaveLength(descriptor.length);
    expect(Buffer.from(withVmdkContentId(short, '00c0ffee'))).toEqual(
      Buffer.from(withVmdkContentId(descriptor, '00c0ffee')),
    );
    const full = Buffer.from('CID=8b81\n');
    expect(() => withVmdkContentId(full, '00c0ffee')).toThrow(FormatFault);
  });

  it.each(['', '878B8195', '1234567', 'ffffffff', 'kelpkelp'])('refuses the id "%s"', id =>
    expect(() => withVmdkContentId(descriptor, id)).toThrow(`"${id}" is no content id`),
  );

  it('refuses a descriptor without one', () =>
    expect(() => withVmdkContentId(Buffer.from('parentCID=00000001\n'), '878b8195')).toThrow(FormatFault));
});
