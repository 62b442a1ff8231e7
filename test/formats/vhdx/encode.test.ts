import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../pipeline/formats/crc32c.ts';
import { createBat } from '../../../pipeline/formats/vhdx/bat.ts';
import { encodeVhdx } from '../../../pipeline/formats/vhdx/encode.ts';
import { IDENTITY, memoryFile, MIB, SHAPE } from './memory-file.ts';

const KIB = 2 ** 10;

/** Checked against the text of [MS-VHDX], not against the reader. */
describe('a VHDX of ours', () => {
  const file = memoryFile();
  const view = new DataView(file.buffer);
  const text = (at: number, length: number) => Buffer.from(file.slice(at, at + length)).toString('latin1');
  const hex = (at: number, length: number) => Buffer.from(file.slice(at, at + length)).toString('hex');
  const crcOf = (at: number, length: number) => {
    const copy = file.slice(at, at + length);
    copy.fill(0, 4, 8);
    return crc32c(copy);
  };

  it('starts with the identifier and the creator in UTF-16 (2.2.1)', () => {
    expect(text(0, 8)).toBe('vhdxfile');
    expect(text(8, 14)).toBe('k\0e\0l\0p\0 \x007\0\0\0');
  });

  it.each([
    { at: 64 * KIB, sequence: 1n },
    { at: 128 * KIB, sequence: 2n },
  ])('has a header at $at (2.2.2)', ({ at, sequence }) => {
    expect(text(at, 4)).toBe('head');
    expect(view.getUint32(at + 4, true)).toBe(crcOf(at, 4 * KIB));
    expect(view.getBigUint64(at + 8, true)).toBe(sequence);
    expect(hex(at + 16, 16)).toBe('11111111aaaabb4b8ccc0123456789ab');
    expect(hex(at + 32, 16)).toBe('22222222aaaabb4b8ccc0123456789ab');
    expect(hex(at + 48, 16)).toBe('0'.repeat(32));
    expect([view.getUint16(at + 64, true), view.getUint16(at + 66, true)]).toEqual([0, 1]);
    expect([view.getUint32(at + 68, true), view.getBigUint64(at + 72, true)]).toEqual([MIB, BigInt(MIB)]);
  });

  it.each([192 * KIB, 256 * KIB])('has a region table at %i, both regions required (2.2.3)', at => {
    expect(text(at, 4)).toBe('regi');
    expect(view.getUint32(at + 4, true)).toBe(crcOf(at, 64 * KIB));
    expect([view.getUint32(at + 8, true), view.getUint32(at + 12, true)]).toEqual([2, 0]);
    expect(hex(at + 16, 32)).toBe('6677c22d23f600429d64115e9bfd4a08' + '0000300000000000' + '00001000' + '01000000');
    expect(hex(at + 48, 32)).toBe('06a27c8b90479a4bb8fe575f050f886e' + '0000200000000000' + '00001000' + '01000000');
  });

  it('describes the disk in the metadata region (2.6)', () => {
    const table = 2 * MIB;
    expect(text(table, 8)).toBe('metadata');
    expect(view.getUint16(table + 10, true)).toBe(5);
    const items = [0, 1, 2, 3, 4].map(i => hex(table + 32 + 32 * i, 32));
    expect(items).toEqual([
      '3767a1ca36fa434db3b633f0aa44e76b' + '00000100' + '08000000' + '04000000' + '00000000',
      '2442a52f1bcd7648b2115dbed83bf4b8' + '08000100' + '08000000' + '06000000' + '00000000',
      'ab12cabee6b2234593efc309e000c746' + '10000100' + '10000000' + '06000000' + '00000000',
      '1dbf41816fa90947ba47f233a8faab5f' + '20000100' + '04000000' + '06000000' + '00000000',
      'c748a3cd5d4471449cc9e9885251c556' + '24000100' + '04000000' + '06000000' + '00000000',
    ]);
    const values =
      '00001000' + '00000000' + '0010500000000000' + '33333333aaaabb4b8ccc0123456789ab' + '00020000' + '00100000';
    expect(hex(table + 64 * KIB, 40)).toBe(values);
  });

  it('lists its blocks in the BAT (2.5)', () => {
    const entries = new BigUint64Array(file.buffer, 3 * MIB, 7);
    expect([...entries]).toEqual([2n, (4n << 20n) | 6n, 2n, 2n, (5n << 20n) | 6n, 2n, 0n]);
  });

  it('holds nothing else before its blocks', () => {
    const rest = file.slice(0, 4 * MIB);
    const known = [
      [0, 520],
      [64 * KIB, 80],
      [128 * KIB, 80],
      [192 * KIB, 80],
      [256 * KIB, 80],
      [2 * MIB, 192],
      [2 * MIB + 64 * KIB, 40],
      [3 * MIB, 48],
    ];
    for (const [at = 0, length = 0] of known) rest.fill(0, at, at + length);
    expect(rest.every(byte => byte === 0)).toBe(true);
  });

  it('sets LeaveBlockAllocated for a fixed disk, and sizes above 4 GiB in full', () => {
    const shape = { ...SHAPE, fixed: true, blockSize: 32 * MIB, size: 2 ** 41 + 512 };
    const metadata = encodeVhdx(shape, IDENTITY, { bat: createBat(shape) }).find(({ start }) => start === 2 * MIB);
    expect(Buffer.from(metadata?.bytes.slice(64 * KIB, 64 * KIB + 16) ?? []).toString('hex')).toBe(
      '00000002010000000002000000020000',
    );
  });

  it('refuses a creator that does not fit', () => {
    const bat = createBat(SHAPE);
    expect(() => encodeVhdx(SHAPE, { ...IDENTITY, creator: 'x'.repeat(257) }, { bat })).toThrow(/257 UTF-16 units/);
  });
});
