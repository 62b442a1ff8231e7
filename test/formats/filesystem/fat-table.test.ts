import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFree, type FatTable } from '../../../pipeline/formats/filesystem/fat-table.ts';
import { spyOn } from '../made.ts';

const MIB = 2 ** 20;
const START = 512;
const FULL = { 12: 0xfff, 16: 0xffff, 32: 0x0fffffff } as const;

/** A table in which the entries `free` (from 0) are 0 and all others are not. */
function encode(bits: FatTable['bits'], clusters: number, free: ReadonlySet<number>): Uint8Array {
  const bytes = new Uint8Array(START + Math.ceil(((clusters + 2) * bits) / 8) + 3);
  const view = new DataView(bytes.buffer);
  for (let entry = 0; entry < clusters + 2; entry += 1) {
    // The upper four bits of FAT32 are reserved: what is there says nothing.
    const value = (free.has(entry) ? 0 : FULL[bits]) + (bits === 32 ? (entry % 16) * 2 ** 28 : 0);
    if (bits === 32) {
      view.setUint32(START + entry * 4, value, true);
      continue;
    }
    for (let bit = 0; bit < bits; bit += 1) {
      const at = entry * bits + bit;
      if (Math.floor(value / 2 ** bit) % 2 === 1) bytes[START + (at >> 3)]! |= 1 << (at & 7);
    }
  }
  return bytes;
}

describe('countFree', () => {
  it('counts the free clusters of any table', async () => {
    const tables = fc
      .record({ bits: fc.constantFrom<FatTable['bits']>(12, 16, 32), clusters: fc.integer({ min: 1, max: 4000 }) })
      .chain(table => fc.record({ table: fc.constant(table), free: fc.uniqueArray(fc.nat(table.clusters + 1)) }));
    await fc.assert(
      fc.asyncProperty(tables, async ({ table: { bits, clusters }, free }) => {
        const { read } = spyOn(encode(bits, clusters, new Set(free)));
        const counted = await countFree(read, { bits, clusters, start: START, mirror: null });
        // Entries 0 and 1 are no clusters.
        expect(counted.free).toBe(free.filter(entry => entry >= 2).length);
      }),
      { numRuns: 150 },
    );
  });

  it('counts across the pieces it reads, which stay small', async () => {
    const clusters = 450_000;
    const free = new Set([2, 196_607, 196_608, 196_609, 393_215, 393_216, clusters + 1]);
    const spy = spyOn(encode(32, clusters, free));
    const counted = await countFree(spy.read, { bits: 32, clusters, start: START, mirror: START });
    expect(counted).toEqual({ free: free.size, faults: [] });
    expect(spy.most()).toBeLessThanOrEqual(MIB);
  });

  it('reads 64 MiB at the most', async () => {
    let asked = 0;
    const read = async (_: number, length: number) => {
      asked += length;
      return new Uint8Array(length).fill(0xff);
    };
    expect(await countFree(read, { bits: 32, clusters: 2 ** 28 - 16, start: START, mirror: null })).toEqual({
      free: null,
      faults: [],
    });
    expect(asked).toBeLessThan(65 * MIB);
  });
});
