import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import {
  decodeVhdFooter,
  encodeVhdFooter,
  VHD_FOOTER_BYTES,
  VHD_MOST_BYTES,
  vhdGeometry,
  vhdSizeFault,
} from '../../pipeline/formats/vhd.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const uniqueId = 'a1b2c3d4-e5f6-4789-8abc-def012345678';
/** 2031-05-06T07:08:09Z; 989,132,889 seconds after the beginning of 2000. */
const epoch = 1_935_817_689;

/** The footer of `qemu-img create -f vpc -o subformat=fixed,force_size=on FILE 3M` (10.0.13). */
const qemuFooter = Buffer.concat([
  Buffer.from(
    '636f6e65637469780000000200010000ffffffffffffffff3297216171656d32000500035769326b00000000003000000000000000300000ffff10ff00000002ffffe6b9b742ddc4681b44a481a11e541a214244',
    'hex',
  ),
  Buffer.alloc(428),
]);

function footerWith(change: (footer: Buffer) => void): Buffer {
  const footer = Buffer.from(encodeVhdFooter(7 * MIB, { uniqueId, epoch }));
  change(footer);
  const sum = footer.reduce((total, byte, at) => (at >= 64 && at < 68 ? total : total + byte), 0);
  footer.writeUInt32BE(2 ** 32 - 1 - sum, 64);
  return footer;
}

describe('encodeVhdFooter', () => {
  it('has each field at its place', () => {
    const footer = Buffer.from(encodeVhdFooter(7 * MIB, { uniqueId, epoch }));
    expect(footer.toString('hex', 0, 85)).toBe(
      [
        '636f6e6563746978', // conectix
        '00000002',
        '00010000',
        'ffffffffffffffff',
        '3af4f859', // 989,132,889
        '77696e20', // win
        '000a0000',
        '5769326b', // Wi2k
        '0000000000700000',
        '0000000000700000',
        '00d2',
        '04',
        '11',
        '00000002',
        'ffffe3cd',
        'a1b2c3d4e5f647898abcdef012345678',
        '00',
      ].join(''),
    );
    expect(footer).toHaveLength(512);
    expect(footer.subarray(85).every(byte => byte === 0)).toBe(true);
  });

  it('is read back, for any size and identity', () => {
    const sizes = fc.integer({ min: 1, max: VHD_MOST_BYTES / MIB }).map(count => count * MIB);
    const times = fc.integer({ min: 946_684_800, max: 946_684_800 + 2 ** 32 - 1 });
    fc.assert(
      fc.property(sizes, fc.uuid(), times, (size, id, time) => {
        expect(decodeVhdFooter(encodeVhdFooter(size, { uniqueId: id, epoch: time }))).toEqual({
          size,
          uniqueId: id,
          epoch: time,
          creator: 'win ',
          geometry: vhdGeometry(size),
        });
      }),
    );
  });

  it.each([
    [0, 946_684_800],
    [946_684_799, 946_684_800],
    [2 ** 33, 946_684_800 + 2 ** 32 - 1],
  ])('a time that it cannot say, %i, becomes the nearest: %i', (time, said) =>
    expect(decodeVhdFooter(encodeVhdFooter(MIB, { uniqueId, epoch: time })).epoch).toBe(said),
  );

  it.each([
    [0, '0 B'],
    [MIB - 512, '1048064 B'],
    [41 * MIB + 4096, '41988 KiB'],
  ])('refuses %i bytes', (size, shown) => {
    expect(() => encodeVhdFooter(size, { uniqueId, epoch })).toThrow(FormatFault);
    expect(vhdSizeFault(size)).toMatchObject({
      message: `a disk of ${shown} is no whole number of MiB, which Azure wants of a VHD`,
      hint: expect.stringContaining('format vhdx') as string,
    });
  });

  it('refuses what is above 2040 GiB, and takes that', () => {
    expect(vhdSizeFault(2040 * GIB)).toBeNull();
    expect(vhdSizeFault(2040 * GIB + MIB)?.message).toBe(
      'a disk of 2088961 MiB is too large for a VHD, which ends at 2040 GiB',
    );
    expect(() => encodeVhdFooter(2041 * GIB, { uniqueId, epoch })).toThrow(FormatFault);
  });

  it('refuses an id that is none', () =>
    expect(() => encodeVhdFooter(MIB, { uniqueId: 'kelp', epoch })).toThrow('"kelp" is not a GUID'));
});

describe('decodeVhdFooter', () => {
  it('reads what qemu-img wrote', () => {
    expect(decodeVhdFooter(qemuFooter)).toEqual({
      size: 3 * MIB,
      uniqueId: 'b742ddc4-681b-44a4-81a1-1e541a214244',
      epoch: 946_684_800 + 0x32972161,
      creator: 'qem2',
      geometry: { cylinders: 65535, heads: 16, sectorsPerTrack: 255 },
    });
  });

  it('refuses any byte that was changed', () => {
    const change = fc.record({ at: fc.nat(VHD_FOOTER_BYTES - 1), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(change, ({ at, by }) => {
        const footer = encodeVhdFooter(7 * MIB, { uniqueId, epoch });
        footer[at] = ((footer[at] ?? 0) + by) % 256;
        expect(() => decodeVhdFooter(footer)).toThrow(FormatFault);
      }),
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['other bytes', Buffer.alloc(512), /no signature "conectix"/],
    ['half a footer', qemuFooter.subarray(0, 511), /no signature/],
    ['a wrong checksum', Buffer.from(qemuFooter).fill(1, 200, 201), /damaged VHD: the checksum .* ffffe6b9 is stored/],
    ['a dynamic disk', footerWith(footer => footer.writeUInt32BE(3, 60)), /^a dynamic VHD/],
    ['a differencing disk', footerWith(footer => footer.writeUInt32BE(4, 60)), /^a differencing VHD/],
    ['a disk of kind 6', footerWith(footer => footer.writeUInt32BE(6, 60)), /^a VHD of kind 6/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeVhdFooter(bytes)).toThrow(message);
    expect(() => decodeVhdFooter(bytes)).toThrow(FormatFault);
  });
});

describe('vhdGeometry', () => {
  /** Sectors and geometry of disks that `qemu-img create -f vpc -o subformat=fixed` (10.0.13) made. */
  it.each([
    [6188, 91, 4, 17],
    [81_940, 964, 5, 17],
    [139_383, 911, 9, 17],
    [260_100, 1020, 15, 17],
    [262_208, 964, 16, 17],
    [409_696, 826, 16, 31],
    [523_152, 519, 16, 63],
    [2_097_648, 2081, 16, 63],
    [65_011_968, 64496, 16, 63],
    [67_111_920, 16449, 16, 255],
    [266_338_320, 65279, 16, 255],
    [272_629_760, 65535, 16, 255],
  ])('%i sectors as qemu-img has them', (sectors, cylinders, heads, sectorsPerTrack) =>
    expect(vhdGeometry(sectors * 512)).toEqual({ cylinders, heads, sectorsPerTrack }),
  );

  it.each([
    [65535 * 16 * 63 - 1, 65534, 16, 63],
    [65535 * 16 * 63, 16191, 16, 255],
  ])('%i sectors, where the appendix begins another count', (sectors, cylinders, heads, sectorsPerTrack) =>
    expect(vhdGeometry(sectors * 512)).toEqual({ cylinders, heads, sectorsPerTrack }),
  );

  it('never holds more than the disk, and less by no more than a cylinder', () => {
    fc.assert(
      fc.property(fc.integer({ min: 68, max: 65535 * 16 * 255 }), sectors => {
        const { cylinders, heads, sectorsPerTrack } = vhdGeometry(sectors * 512);
        const held = cylinders * heads * sectorsPerTrack;
        expect(held).toBeLessThanOrEqual(sectors);
        expect(sectors - held).toBeLessThan((heads + 1) * sectorsPerTrack);
        expect(cylinders).toBeLessThanOrEqual(65535);
        expect(heads).toBeLessThanOrEqual(16);
      }),
      { numRuns: 1000 },
    );
  });
});
