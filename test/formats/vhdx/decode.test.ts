import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { decodeMemory, IDENTITY, memoryFile, MIB, resign, SHAPE } from './memory-file.ts';

const KIB = 2 ** 10;
const HEADERS = [64 * KIB, 128 * KIB] as const;
const REGION_TABLES = [192 * KIB, 256 * KIB] as const;
const BAT = 3 * MIB;
const PAYLOAD = 4 * MIB;

/** A sound file after `change`. */
function changed(change: (file: Uint8Array, view: DataView) => void): Uint8Array {
  const file = memoryFile();
  change(file, new DataView(file.buffer));
  return file;
}

const flips = fc.integer({ min: 1, max: 255 });

describe('decodeVhdx', () => {
  it('gives back what was written', async () => {
    const vhdx = await decodeMemory(memoryFile());
    expect(vhdx).toMatchObject({
      ...SHAPE,
      creator: 'kelp 7',
      diskId: IDENTITY.diskId,
      header: { sequenceNumber: 2, fileWriteGuid: IDENTITY.fileWriteGuid, dataWriteGuid: IDENTITY.dataWriteGuid },
      regions: [
        { name: 'BAT', start: BAT, length: MIB },
        { name: 'metadata', start: 2 * MIB, length: MIB },
      ],
      blockCount: 6,
      presentBlocks: 2,
      faults: [],
    });
    const offsets = await Promise.all([0, 1, 2, 3, 4, 5].map(block => vhdx.blockOffset(block)));
    expect(offsets).toEqual([null, PAYLOAD, null, null, PAYLOAD + MIB, null]);
  });

  it.each([
    { what: 'header', places: HEADERS, length: 4 * KIB },
    { what: 'region table', places: REGION_TABLES, length: 64 * KIB },
  ])('reports any changed byte of one $what and refuses it in both', async ({ what, places, length }) => {
    const file = memoryFile();
    await fc.assert(
      fc.asyncProperty(fc.nat(length - 1), fc.nat(length - 1), flips, async (first, second, flip) => {
        file[places[0] + first]! ^= flip;
        expect((await decodeMemory(file)).faults).toEqual([expect.stringContaining(`${what} 1: `)]);
        file[places[1] + second]! ^= flip;
        await expect(decodeMemory(file)).rejects.toThrow(new RegExp(`damaged VHDX: ${what} 1: .*; ${what} 2: `));
        file[places[0] + first]! ^= flip;
        expect((await decodeMemory(file)).faults).toEqual([expect.stringContaining(`${what} 2: `)]);
        file[places[1] + second]! ^= flip;
      }),
      { numRuns: 30 },
    );
  });

  it('refuses any changed byte of the metadata that matters', async () => {
    const file = memoryFile();
    const signature = Array.from({ length: 8 }, (_, i) => i);
    const ids = [0, 1, 2, 3, 4].flatMap(item => Array.from({ length: 16 }, (_, i) => 32 + 32 * item + i));
    const lengthsAndFlags = [0, 1, 2, 3, 4].flatMap(item => Array.from({ length: 8 }, (_, i) => 52 + 32 * item + i));
    const parameters = Array.from({ length: 3 }, (_, i) => 64 * KIB + i);
    const sectors = Array.from({ length: 8 }, (_, i) => 64 * KIB + 32 + i);
    const bytes = fc.constantFrom(...signature, 10, 11, ...ids, ...lengthsAndFlags, ...parameters, ...sectors);
    await fc.assert(
      fc.asyncProperty(bytes, flips, async (byte, flip) => {
        // 512 and 4096 are both right, and a block of 1 MiB may become one of 3, 5, ... MiB but also of 2^n.
        const before = file[2 * MIB + byte] ?? 0;
        const mayBeRight = byte >= 64 * KIB && [0x02, 0x10, 0x20, 0x40, 0x80].includes(before ^ flip);
        fc.pre(!mayBeRight);
        file[2 * MIB + byte] = before ^ flip;
        await expect(decodeMemory(file)).rejects.toThrow(FormatFault);
        file[2 * MIB + byte] = before;
      }),
      { numRuns: 400 },
    );
  });

  it('takes the header with the greater sequence number', async () => {
    const file = changed((bytes, view) => {
      view.setBigUint64(HEADERS[0] + 8, 900n, true);
      bytes.fill(0x77, HEADERS[0] + 16, HEADERS[0] + 32);
      resign(bytes, { start: HEADERS[0], length: 4 * KIB });
    });
    expect((await decodeMemory(file)).header).toMatchObject({
      sequenceNumber: 900,
      fileWriteGuid: '77777777-7777-7777-7777-777777777777',
    });
  });

  it('refuses two headers that differ under one number', async () => {
    const file = changed((bytes, view) => {
      view.setBigUint64(HEADERS[0] + 8, 2n, true);
      bytes.fill(0x77, HEADERS[0] + 16, HEADERS[0] + 32);
      resign(bytes, { start: HEADERS[0], length: 4 * KIB });
    });
    await expect(decodeMemory(file)).rejects.toThrow(/two headers with sequence number 2/);
  });

  it('refuses a pending log, and says how to replay it', async () => {
    const file = changed(bytes => {
      bytes.fill(0x5a, HEADERS[1] + 48, HEADERS[1] + 64);
      resign(bytes, { start: HEADERS[1], length: 4 * KIB });
    });
    const fault = await decodeMemory(file).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(FormatFault);
    expect(fault).toMatchObject({
      message: expect.stringContaining('pending log'),
      hint: expect.stringContaining('qemu-img check -r all'),
    });
  });

  it('refuses a disk with a parent, and says to merge it', async () => {
    const file = changed(bytes => {
      bytes[2 * MIB + 64 * KIB + 4] = 2;
    });
    const fault = await decodeMemory(file).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(FormatFault);
    expect(fault).toMatchObject({
      message: expect.stringContaining('parent'),
      hint: expect.stringContaining('Merge-VHD'),
    });
  });

  it.each<[string, (bytes: Uint8Array, view: DataView) => void, RegExp]>([
    ['no signature', bytes => bytes.fill(0x20, 0, 1), /not a VHDX/],
    ['BAT over metadata', bytes => setBatRegion(bytes, { start: 2 * MIB }), /region metadata at .* overlaps/],
    ['BAT over the log', bytes => setBatRegion(bytes, { start: MIB }), /region BAT at .* overlaps/],
    ['BAT over the head', bytes => setBatRegion(bytes, { start: 0 }), /region BAT at 0/],
    ['BAT not aligned', bytes => setBatRegion(bytes, { start: BAT + 512 }), /region BAT at 3146240/],
    ['BAT over payload', bytes => setBatRegion(bytes, { start: BAT, length: 2 * MIB }), /block 1 at .* overlaps/],
    ['BAT behind the end', bytes => setBatRegion(bytes, { start: 6 * MIB }), /truncated: region BAT/],
    ['no BAT', bytes => setBatRegion(bytes, { id: 0x44, required: 0 }), /no BAT region/],
    ['an unknown required region', bytes => setBatRegion(bytes, { id: 0x44 }), /required region 44444444/],
    ['two blocks in one place', (_, view) => view.setBigUint64(BAT, (4n << 20n) | 6n, true), /block 1 at .* overlaps/],
    ['a block in the log', (_, view) => view.setBigUint64(BAT, (1n << 20n) | 6n, true), /block 0 at .* overlaps/],
    ['a block behind the end', (_, view) => view.setBigUint64(BAT, (6n << 20n) | 6n, true), /truncated: block 0/],
    [
      'a block above 4 GiB',
      (_, view) => view.setBigUint64(BAT, (4n << 20n) | (1n << 32n) | 6n, true),
      /truncated: block 0/,
    ],
    ['a reserved state', (_, view) => view.setBigUint64(BAT + 16, 5n, true), /block 2 has the reserved state 5/],
    ['a size above the BAT', (_, view) => view.setUint32(2 * MIB + 64 * KIB + 12, 0x40, true), /don't fit its region/],
    ['a size of half a sector', (_, view) => view.setUint32(2 * MIB + 64 * KIB + 8, 256, true), /VHDX of 256 bytes/],
  ])('refuses %s', async (_, change, message) => {
    await expect(decodeMemory(changed(change))).rejects.toThrow(message);
    await expect(decodeMemory(changed(change))).rejects.toThrow(FormatFault);
  });

  it('does not mind what older qemu leaves in sector bitmap entries', async () => {
    const file = memoryFile({ ...SHAPE, size: 2 ** 32 + MIB });
    new DataView(file.buffer).setBigUint64(BAT + 8 * 4096, (77n << 20n) | 7n, true);
    expect(await decodeMemory(file)).toMatchObject({ blockCount: 4097, presentBlocks: 2, faults: [] });
  });

  it('refuses the file cut off anywhere', async () => {
    const file = memoryFile();
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), async length => {
        await expect(decodeMemory(file.subarray(0, length))).rejects.toThrow(/truncated/);
      }),
      { numRuns: 40 },
    );
    await expect(decodeMemory(file.subarray(0, -1))).rejects.toThrow(/truncated: block 4/);
  });
});

/** Changes the first entry of both region tables. */
function setBatRegion(
  bytes: Uint8Array,
  { start, length, id, required }: { start?: number; length?: number; id?: number; required?: number },
): void {
  const view = new DataView(bytes.buffer);
  for (const table of REGION_TABLES) {
    const at = table + 16;
    if (id !== undefined) bytes.fill(id, at, at + 16);
    if (start !== undefined) view.setBigUint64(at + 16, BigInt(start), true);
    if (length !== undefined) view.setUint32(at + 24, length, true);
    if (required !== undefined) view.setUint32(at + 28, required, true);
    resign(bytes, { start: table, length: 64 * KIB });
  }
}
