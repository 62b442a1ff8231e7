import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../../../pipeline/formats/fault.ts';
import { decodeFilesystem, isEmpty } from '../../../pipeline/formats/filesystem/decode.ts';
import type { Filesystem } from '../../../pipeline/formats/filesystem/filesystem.ts';
import { made, poke, spyOn } from '../made.ts';

const MIB = 2 ** 20;
const UUID = '5b2f7a10-1111-4222-8333-0123456789ab';
const MADE = '2025-06-15T15:06:40Z';

const decode = (bytes: Uint8Array, room = bytes.length): Promise<Filesystem | null> =>
  decodeFilesystem(spyOn(bytes).read, room);

/** What blkid, dumpe2fs -h, dump.erofs, unsquashfs -s and fsck.vfat -nv say of the images of made/make.sh. */
const SEEN: [string, Partial<Filesystem>][] = [
  [
    'ext2',
    {
      type: 'ext4',
      variant: 'ext2',
      uuid: UUID,
      label: 'kelp',
      blockSize: 1024,
      size: MIB,
      free: 943 * 1024,
      made: MADE,
    },
  ],
  ['ext3', { type: 'ext4', variant: 'ext3', uuid: UUID, label: 'kelp', size: 5 * MIB, free: 3706 * 1024 }],
  ['ext4', { type: 'ext4', variant: 'ext4', blockSize: 2048, size: 3 * MIB, used: 126 * 2048, free: 1410 * 2048 }],
  [
    'erofs-zstd',
    { type: 'erofs', uuid: UUID, label: 'reef', blockSize: 4096, size: 8192, compression: ['zstd'], made: MADE },
  ],
  ['erofs-lz4', { type: 'erofs', label: '', size: 8192, used: 8192, free: 0, compression: ['lz4'] }],
  ['erofs-plain', { type: 'erofs', blockSize: 512, size: 25_600, compression: [] }],
  ['squashfs', { variant: 'squashfs 4.0', uuid: null, blockSize: 65_536, size: 510, compression: ['xz'], made: MADE }],
  [
    'fat12',
    { variant: 'FAT12', uuid: '89AB-CDEF', label: 'KELP 12', blockSize: 2048, size: 2 * MIB, free: 1000 * 2048 },
  ],
  ['fat16', { variant: 'FAT16', label: 'KELP 16', blockSize: 4096, size: 17 * MIB, free: 4333 * 4096 }],
  ['fat32', { variant: 'FAT32', label: 'KELP 32', blockSize: 512, size: 3 * MIB, free: 5994 * 512 }],
  ['fat4k', { variant: 'FAT12', label: 'KELP 12', blockSize: 8192, size: 3 * MIB, free: 375 * 8192 }],
];
const NAMES = SEEN.map(([name]) => name);

describe('decodeFilesystem', () => {
  it.each(SEEN)('reads %s as its own programs do', async (name, expected) => {
    const found = await decode(made(name));
    expect(found).toMatchObject({ ...expected, faults: [] });
    expect((found?.used ?? 0) + (found?.free ?? 0)).toBe(found?.size);
  });

  it.each(NAMES)('reads less than a tenth of a MiB of %s, whatever the partition has', async name => {
    const spy = spyOn(made(name));
    await decodeFilesystem(spy.read, 2 ** 43);
    expect(spy.total()).toBeLessThan(MIB / 10);
  });

  it.each(NAMES)('says that %s is longer than its partition', async name => {
    const bytes = made(name);
    const { size = 0 } = (await decode(bytes)) ?? {};
    const found = await decode(bytes, size - 1).catch((error: unknown) => error);
    // 510 bytes of squashfs are no problem; of the others the tables may be gone too, which is a fault of its own.
    if (found instanceof FormatFault) expect(found.message).toMatch(/truncated|outside/);
    else expect(found).toMatchObject({ faults: [expect.stringMatching(/^it is .* long, but its partition has/)] });
  });

  it('finds nothing in a partition of zeros, of text, or of no length', async () => {
    expect(await decode(new Uint8Array(MIB))).toBeNull();
    expect(await decode(new TextEncoder().encode('kelp '.repeat(2000)))).toBeNull();
    expect(await decode(new Uint8Array(0))).toBeNull();
  });

  it('answers garbage behind any signature with a value, null or FormatFault, in bounded reads', async () => {
    const signatures: ((bytes: Uint8Array) => Uint8Array)[] = [
      bytes => poke(bytes, { at: 0, value: 0x73717368, width: 4 }),
      bytes => poke(bytes, { at: 1024, value: 0xe0f5e1e2, width: 4 }),
      bytes => poke(bytes, { at: 1080, value: 0xef53, width: 2 }),
      bytes => poke(bytes, { at: 510, value: 0xaa55, width: 2 }),
      bytes => bytes,
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...signatures),
        fc.uint8Array({ minLength: 0, maxLength: 2500, size: 'max' }),
        fc.integer({ min: 512, max: 5000 }),
        async (sign, garbage, length) => {
          const bytes = new Uint8Array(Math.max(length, 1100));
          bytes.set(garbage.subarray(0, bytes.length));
          const spy = spyOn(sign(bytes).subarray(0, length));
          const found = await decodeFilesystem(spy.read, length).catch((error: unknown) => error);
          if (found !== null && !(found instanceof FormatFault)) expect(found).toHaveProperty('type');
          expect(spy.most()).toBeLessThanOrEqual(MIB);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never fails otherwise on an image with any of its first bytes changed', async () => {
    // Those of some MiB: they are copied each time.
    const images = NAMES.filter(name => name !== 'fat16').map(name => made(name));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...images),
        fc.array(fc.tuple(fc.nat(2047), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        async (image, flips) => {
          const bytes = new Uint8Array(image);
          for (const [at, flip] of flips) bytes[at] = (bytes[at] ?? 0) ^ flip;
          const spy = spyOn(bytes);
          const found = await decodeFilesystem(spy.read, bytes.length).catch((error: unknown) => error);
          if (found !== null && !(found instanceof FormatFault)) expect(found).toHaveProperty('faults');
          expect(spy.total()).toBeLessThan(260 * MIB);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('names a file that is cut short anywhere before the end of its tables', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('fat12', 'fat16', 'fat32'),
        fc.integer({ min: 512, max: 3000 }),
        async (name, end) => {
          const bytes = made(name);
          await expect(decode(bytes.subarray(0, end), bytes.length)).rejects.toThrow(
            /truncated: the superblock should be/,
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('isEmpty', () => {
  it('looks at the first MiB alone', async () => {
    const bytes = new Uint8Array(2 * MIB);
    bytes[MIB] = 1;
    const spy = spyOn(bytes);
    expect(await isEmpty(spy.read, bytes.length)).toBe(true);
    expect(spy.total()).toBe(MIB);
    bytes[MIB - 1] = 1;
    expect(await isEmpty(spy.read, bytes.length)).toBe(false);
    expect(await isEmpty(spyOn(bytes).read, 4096)).toBe(true);
  });
});
