import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import { decodeVerity, fecEnd, type Verity } from '../../pipeline/formats/verity.ts';
import { made, poke, spyOn } from './made.ts';

const UUID = '5b2f7a10-1111-4222-8333-0123456789ab';
const decode = (bytes: Uint8Array, offset: number, room = bytes.length): Promise<Verity | null> =>
  decodeVerity(spyOn(bytes).read, { offset, room });

/** What `veritysetup format` said when it made them (made/make.sh). */
const TREES: [string, Partial<Verity>][] = [
  [
    'tree-sha256-1',
    {
      hashType: 1,
      algorithm: 'sha256',
      dataBlocks: 300,
      salt: 'c0ffee',
      tree: { start: 4096, end: 20_480, levels: 2 },
      rootHash: '0a65e2ab89f68afbff3e0735225d45b8f80ae8daa52ff1ae75ccf2ee96dae7cb',
    },
  ],
  ['tree-sha256-0', { hashType: 0, rootHash: '474fadf1a2bd5026a2f2d2d0428e56e991157965c6136d360a1e2ff5e608fc54' }],
  [
    'tree-sha512-1',
    {
      algorithm: 'sha512',
      dataBlockSize: 512,
      hashBlockSize: 1024,
      salt: '00112233445566778899aabbccddeeff',
      tree: { start: 1024, end: 7168, levels: 2 },
      rootHash:
        '0e6c4e6f42c06d844454610ee49d79024f094c93d3c548e45663f3a0d182912ac010ef43920823e9f6793a62955a3cadcf1f9bf2294b53f72103f2654fd34124',
    },
  ],
  [
    'tree-sha1-1',
    {
      algorithm: 'sha1',
      dataBlocks: 500,
      salt: '',
      tree: { start: 512, end: 18_432, levels: 3 },
      rootHash: '44836d9f0757d095b3a136de3a7701230f337139',
    },
  ],
];

describe('decodeVerity', () => {
  it.each(TREES)('computes the root hash of %s as veritysetup does', async (name, expected) => {
    const bytes = made(name);
    const found = await decode(bytes, 0);
    expect(found).toMatchObject({ ...expected, offset: 0, uuid: UUID });
    expect(found?.tree.end).toBe(bytes.length);
  });

  it('finds the tree behind the data, at the place it is told', async () => {
    const bytes = made('verity');
    expect(await decode(bytes, 8192)).toEqual({
      offset: 8192,
      uuid: UUID,
      hashType: 1,
      algorithm: 'sha256',
      dataBlockSize: 4096,
      hashBlockSize: 4096,
      dataBlocks: 2,
      salt: 'c0ffee',
      tree: { start: 12_288, end: 16_384, levels: 1 },
      rootHash: '0c1ee4e492bf1d1b71a935940c245ed98cfe4a9f8707534b5091184da72e36c2',
    });
    expect(await decode(bytes, 4096)).toBeNull();
    expect(await decode(bytes, bytes.length - 511)).toBeNull();
    expect(await decode(bytes, 2 ** 40)).toBeNull();
  });

  it('lets the tree start at a multiple of its blocks', async () => {
    const sound = made('tree-sha512-1');
    const bytes = new Uint8Array(2048 + 6144);
    bytes.set(sound.subarray(0, 512), 1536);
    bytes.set(sound.subarray(1024), 2048);
    expect(await decode(bytes, 1536)).toMatchObject({
      tree: { start: 2048, end: 8192, levels: 2 },
      rootHash: (await decode(sound, 0))?.rootHash,
    });
  });

  it('hashes the data itself when there is one block of it, unless it stands elsewhere', async () => {
    const superblock = poke(poke(made('tree-sha256-1'), { at: 72, value: 1, width: 4 }), {
      at: 80,
      value: 0,
      width: 2,
    });
    const bytes = new Uint8Array(3 * 4096);
    bytes.set(superblock.subarray(0, 4096), 4096);
    // SHA-256 of 4096 zeros; veritysetup says the same.
    const rootHash = 'ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7';
    expect(await decode(bytes, 4096)).toMatchObject({ tree: { start: 8192, end: 8192, levels: 0 }, rootHash });
    expect(await decode(bytes.subarray(4096), 0)).toMatchObject({ rootHash: null });
  });

  it('gives another root hash once a byte of the top block is changed, and only then', async () => {
    const bytes = made('tree-sha256-1');
    const rootHash = (await decode(bytes, 0))?.rootHash;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4096, max: 20_479 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        const found = await decode(bytes, 0);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        expect(found?.rootHash === rootHash).toBe(at >= 8192);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, { at: number; value: number; width: 1 | 2 | 4 }, RegExp]>([
    ['version 2', { at: 8, value: 2, width: 4 }, /version 2, hash type 1/],
    ['hash type 2', { at: 12, value: 2, width: 4 }, /version 1, hash type 2/],
    ['an algorithm that nobody knows', { at: 32, value: 0x7a, width: 1 }, /hash algorithm "zha256"/],
    ['data blocks of 1000 bytes', { at: 64, value: 1000, width: 4 }, /blocks of 1000 bytes/],
    ['hash blocks of 256 bytes', { at: 68, value: 256, width: 4 }, /blocks of 256 bytes/],
    ['hash blocks of 1 MiB', { at: 68, value: 2 ** 20, width: 4 }, /blocks of 1048576 bytes/],
    ['no data', { at: 72, value: 0, width: 4 }, /0 data blocks/],
    ['more data than can be', { at: 76, value: 2 ** 31, width: 4 }, /data blocks/],
    ['a salt of 257 bytes', { at: 80, value: 257, width: 2 }, /salt of 257 bytes/],
    [
      'a tree that does not fit',
      { at: 72, value: 128 * 3 + 1, width: 4 },
      /its tree ends at 24576, the partition has 20480/,
    ],
  ])('refuses %s', async (_, place, message) => {
    await expect(decode(poke(made('tree-sha256-1'), place), 0)).rejects.toThrow(message);
    await expect(decode(poke(made('tree-sha256-1'), place), 0)).rejects.toThrow(FormatFault);
  });

  it('names a file that is cut short', async () => {
    const bytes = made('tree-sha256-1');
    await expect(decode(bytes.subarray(0, 500), 0, 20_480)).rejects.toThrow(/truncated: the verity superblock/);
    await expect(decode(bytes.subarray(0, 8191), 0, 20_480)).rejects.toThrow(/truncated: the top of the hash tree/);
  });

  it('answers anything behind the signature with a value or FormatFault, and reads little', async () => {
    const sound = made('tree-sha256-1');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 8, max: 511 }), fc.nat(255)), { maxLength: 40 }),
        fc.constantFrom('sha256', 'md4', 'RSA-MD4', 'shake128', 'blake2b512', '', '__proto__'),
        fc.nat(2 ** 40),
        async (changes, algorithm, room) => {
          const bytes = new Uint8Array(sound);
          bytes.fill(0, 32, 64);
          bytes.set(new TextEncoder().encode(algorithm), 32);
          for (const [at, value] of changes) bytes[at] = value;
          const spy = spyOn(bytes);
          const found = await decodeVerity(spy.read, { offset: 0, room }).catch((error: unknown) => error);
          if (found !== null && !(found instanceof FormatFault)) expect(found).toHaveProperty('rootHash');
          expect(spy.total()).toBeLessThanOrEqual(512 + 2 ** 19);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('fecEnd', () => {
  /** Data blocks, parity bytes, start and end of the FEC, as `veritysetup format --fec-offset` left them. */
  it.each([
    [2, 7, 16_384, 45_056],
    [128, 2, 532_480, 540_672],
    [129, 24, 544_768, 643_072],
    [253, 2, 1_052_672, 1_069_056],
    [254, 24, 1_056_768, 1_253_376],
    [5000, 7, 20_652_032, 21_254_144],
    [16_385, 24, 67_657_728, 74_735_616],
  ])('is where veritysetup ends, for %i blocks with %i parity bytes', async (dataBlocks, roots, start, end) => {
    const verity = { dataBlocks, dataBlockSize: 4096, tree: { start: (dataBlocks + 1) * 4096, end: start, levels: 1 } };
    expect(fecEnd(verity as Verity, { start, roots })).toBe(end);
  });
});
