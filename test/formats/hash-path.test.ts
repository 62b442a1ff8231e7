import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPath, hashBlock, placeOf, treePlaceAt, wantedHash } from '../../pipeline/formats/hash-path.ts';
import { decodeVerity, type Verity } from '../../pipeline/formats/verity.ts';
import { made, spyOn } from './made.ts';

async function verityOf(bytes: Uint8Array, offset: number): Promise<Verity & { rootHash: string }> {
  const verity = await decodeVerity(spyOn(bytes).read, { offset, room: bytes.length });
  if (verity?.rootHash == null) throw new Error('no verity');
  return { ...verity, rootHash: verity.rootHash };
}

/** Trees over blocks of which block i holds the byte i mod 251 (made/make.sh), all made by veritysetup. */
describe.each(['tree-sha256-1', 'tree-sha256-0', 'tree-sha512-1', 'tree-sha1-1'])('%s', name => {
  it('has the digest of every data block, and a way up from every block of its own', async () => {
    const bytes = made(name);
    const verity = await verityOf(bytes, 0);
    const { read } = spyOn(bytes);
    for (let index = 0; index < verity.dataBlocks; index += 1) {
      const block = new Uint8Array(verity.dataBlockSize).fill(index % 251);
      const wanted = await wantedHash(read, verity, { place: { level: -1, index }, rootHash: verity.rootHash });
      expect(wanted.toString('hex')).toBe(hashBlock(verity, block).toString('hex'));
    }
    for (let at = verity.tree.start; at < verity.tree.end; at += verity.hashBlockSize) {
      const place = treePlaceAt(verity, at);
      expect(placeOf(verity, place)).toEqual({ offset: at, length: verity.hashBlockSize });
      expect(await checkPath(read, verity, { place, rootHash: verity.rootHash })).toEqual({ fits: true, broken: null });
    }
  });
});

describe('checkPath', () => {
  const sound = made('fec-2');
  const OFFSET = 300 * 4096;

  it('finds the changed byte of data or tree, and the block it is in', async () => {
    const verity = await verityOf(sound, OFFSET);
    const inBlock = fc.oneof(
      fc.integer({ min: 0, max: OFFSET - 1 }),
      fc.integer({ min: verity.tree.start, max: verity.tree.end - 1 }),
    );
    await fc.assert(
      fc.asyncProperty(inBlock, fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const place = at < OFFSET ? { level: -1, index: Math.floor(at / 4096) } : treePlaceAt(verity, at);
        const options = { place, rootHash: verity.rootHash };
        expect(await checkPath(spyOn(sound).read, verity, options)).toEqual({ fits: true, broken: null });
        const bytes = new Uint8Array(sound);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        expect(await checkPath(spyOn(bytes).read, verity, options)).toEqual({ fits: false, broken: place });
      }),
      { numRuns: 60 },
    );
  });

  it('names the block above when that is the damaged one', async () => {
    const verity = await verityOf(sound, OFFSET);
    const bytes = new Uint8Array(sound);
    bytes[verity.tree.start + 7] = (bytes[verity.tree.start + 7] ?? 0) ^ 1;
    const place = { level: -1, index: 299 };
    expect(await checkPath(spyOn(bytes).read, verity, { place, rootHash: verity.rootHash })).toMatchObject({
      fits: false,
      broken: { level: 1, index: 0 },
    });
  });
});
