import { describe, expect, test } from 'vitest';
import type { InspectedPartition, InspectedProfile, Inspection } from '../../pipeline/formats/inspection.ts';
import type { DrawOptions } from '../../pipeline/report/draw-disk.ts';
import { drawInspection } from '../../pipeline/report/inspection.ts';
import { columnsOf } from '../../pipeline/report/text.ts';

const MIB = 2 ** 20;
const HASH = '3f'.repeat(32);
const UUID = '5b2f7a10-1111-4222-8333-0123456789ab';

function partition(number: number, name: string, own: Partial<InspectedPartition>): InspectedPartition {
  const [start, size] = [number * 64 * MIB, 64 * MIB];
  const place = { number, name, type: UUID, typeName: 'linux', uuid: UUID, attributes: [], slot: null, start, size };
  const nothing = { filesystem: null, verity: null, used: null, free: null, efi: null, faults: [] };
  return { ...place, end: start + size, content: 'unknown', ...nothing, ...own };
}

const profile = (index: number | null, id: string, cmdline: string, partitions: string[] | null): InspectedProfile => ({
  index,
  id,
  title: id === 'night' ? 'By night' : '',
  cmdline,
  overrides: [],
  root: partitions && { hash: HASH, partitions },
  pcr11: id === 'night' ? 'd7'.repeat(32) : null,
});

const filesystem = {
  type: 'erofs' as const,
  variant: 'erofs',
  uuid: UUID,
  label: 'reef',
  blockSize: 4096,
  size: 21 * MIB,
  used: 21 * MIB,
  free: 0,
  compression: ['zstd', 'lz4'],
  made: '2025-06-15T15:06:40Z',
  faults: [],
};
const uki = {
  kind: 'uki' as const,
  machine: 'arm64',
  signatures: { count: 2, size: 3056 },
  signers: [
    { by: 'reef', fault: null },
    { by: '', fault: 'damaged' },
  ],
  sections: [
    { name: '.text', offset: 0, size: 11, memory: 11 },
    { name: '.linux', offset: 0, size: 11 * MIB, memory: 11 * MIB },
  ],
  osRelease: { NAME: 'Reef', PRETTY_NAME: 'Reef 7' },
  uname: '7.8.9-kelp',
  sbat: ['sbat,1,SBAT Version', 'reef,7,Reef'],
  profiles: [
    profile(0, 'day', `quiet tide=low roothash=${HASH} slot=auto`, ['ReefA']),
    profile(1, 'night', `quiet tide=low roothash=${HASH} slot=A more`, []),
  ],
};

const SOUND: Inspection = {
  container: {
    format: 'vhdx',
    size: 512 * MIB,
    fileSize: 33 * MIB,
    sectorSize: 512,
    vhdx: {
      subformat: 'dynamic',
      physicalSectorSize: 4096,
      blockSize: 2 * MIB,
      blocks: { present: 14, total: 256 },
      creator: 'kelp 7',
      diskId: UUID,
      fileWriteGuid: UUID,
      dataWriteGuid: UUID,
      log: { state: 'empty', size: MIB },
    },
  },
  gpt: { diskGuid: UUID, faults: [] },
  partitions: [
    partition(1, 'Kelp', {
      content: 'filesystem',
      filesystem: { ...filesystem, type: 'vfat', variant: 'FAT16', uuid: '89AB-CDEF', compression: [], made: null },
      used: 3 * MIB,
      efi: [
        { path: '/EFI/reef.efi', size: 12 * MIB, program: uki },
        { path: '/EFI/odd.efi', size: 7, program: null },
      ],
    }),
    partition(2, 'ReefA', {
      content: 'filesystem',
      slot: 'A',
      filesystem,
      used: 23 * MIB,
      verity: {
        offset: 21 * MIB,
        uuid: UUID,
        hashType: 1,
        algorithm: 'sha256',
        dataBlockSize: 4096,
        hashBlockSize: 4096,
        dataBlocks: 5376,
        salt: 'c0ffee',
        tree: { start: 21 * MIB + 4096, end: 22 * MIB, levels: 2 },
        rootHash: HASH,
        fec: { start: 22 * MIB, end: 23 * MIB, roots: 7 },
      },
    }),
    partition(3, 'ReefB', { content: 'empty', slot: 'B', used: 0 }),
    partition(4, 'Noise', {}),
    partition(5, 'Sand', { content: 'damaged' }),
  ],
  faults: [],
  notes: [],
};

const draw = (changes: Partial<Inspection> = {}, options: Partial<DrawOptions> = {}): string =>
  drawInspection('reef.vhdx', { ...SOUND, ...changes }, { width: 120, unicode: true, color: false, ...options });

describe('drawInspection', () => {
  test('draws the disk and tells of all parts of it', () => {
    const text = draw();
    expect(text).toMatch(/^reef\.vhdx: 512 MiB, 5 partitions, sectors of 512 B/);
    expect(text).toMatch(/^2 {2}ReefA .* 23 MiB .* erofs\+verity +A$/m);
    expect(text).toMatch(/^3 {2}ReefB .* 0 B .* B +empty$/m);
    expect(text).toMatch(/^4 {2}Noise .* unknown$/m);
    expect(text).toMatch(/^5 {2}Sand .* damaged$/m);
    expect(text).toContain('  file     dynamic VHDX, 33 MiB for a disk of 512 MiB; sectors of 512 B (physical: 4 KiB)');
    expect(text).toContain('  blocks   14 of 256 present, 2 MiB each');
    expect(text).toContain(`  table    GPT ${UUID}; both copies sound and alike`);
    expect(text).toMatch(/^ReefA +erofs +reef +21 MiB +4 KiB +zstd, lz4 +5b2f7a10-\S+ +2025-06-15T15:06:40Z$/m);
    expect(text).toMatch(/^No faults found\.$/m);
  });

  test('tells of verity what veritysetup would ask for', () => {
    const text = draw();
    expect(text).toContain(`Verity of ReefA\n  root hash  ${HASH}\n  salt       c0ffee\n`);
    expect(text).toContain('  data       5376 blocks of 4 KiB, sha256\n');
    expect(text).toContain('  tree       [22024192, 23068672), 2 levels, superblock at 22020096\n');
    expect(text).toContain('  FEC        [23068672, 24117248), 7 parity bytes in 255\n');
  });

  test('shows what command lines share once, and what each profile adds', () => {
    const text = draw({}, { width: 160 });
    expect(text).toContain('Kelp:/EFI/reef.efi: unified kernel image for arm64, 12 MiB\n  system    Reef 7\n');
    expect(text).toContain(
      '  signed    by reef, by nobody known (not sound); 2 signatures, 3.0 KiB\n  SBAT      sbat 1, reef 7\n  sections  .text 11 B, .linux 11 MiB\n',
    );
    expect(text).toContain(`  command   quiet tide=low roothash=${HASH}\n`);
    expect(text).toContain('  @0 day    root hash of ReefA; adds slot=auto\n');
    expect(text).toContain(`  @1 night  By night; root hash ${HASH} of no partition; adds slot=A more`);
    expect(text).toContain('Kelp:/EFI/odd.efi: damaged\n');
  });

  test('lists every fault, and what was not looked at', () => {
    const text = draw({ faults: ['Sand: damaged ext4', 'partition table: x'], notes: ['Kelp: not searched'] });
    expect(text).toMatch(
      /Not looked at\n {2}• Kelp: not searched\n\n2 faults found\n {2}• Sand: damaged ext4\n {2}• partition table: x$/,
    );
    expect(draw({ notes: ['Kelp: not searched'] })).toMatch(/No faults found in what was looked at\.$/);
  });

  test('tells of an image without a table what it can', () => {
    const text = draw({ gpt: null, partitions: [], faults: ['no partition table'] });
    expect(text).toMatch(/^reef\.vhdx\n\nContainer\n/);
    expect(text).toContain('  table    none that can be read');
    expect(text).toMatch(/1 fault found\n {2}• no partition table$/);
  });

  test('tells of a raw disk and of a table with faults', () => {
    const container = { ...SOUND.container, format: 'raw', vhdx: null };
    expect(draw({ container })).toContain(
      'Container\n  file   raw, 33 MiB for a disk of 512 MiB; sectors of 512 B\n  table  GPT',
    );
    expect(draw({ gpt: { diskGuid: UUID, faults: ['x'] } })).toContain(`GPT ${UUID}; not sound`);
  });

  test.each([
    [40, true],
    [80, true],
    [80, false],
    [120, false],
  ])('fits %i columns, unicode: %s', (width, unicode) => {
    const long = { faults: ['Sand: '.repeat(60)], notes: ['Kelp: '.repeat(60)] };
    const lines = draw(long, { width, unicode }).split('\n');
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
    if (!unicode) expect(lines.filter(line => /[^ -~…]/.test(line))).toEqual([]);
  });

  test('lets no control character of the image through', () => {
    const evil = 'a\u001b]0;title\u0007b\nc\u202e';
    const [kelp, ...others] = SOUND.partitions as [InspectedPartition, ...InspectedPartition[]];
    const partitions = [
      {
        ...kelp,
        name: evil,
        filesystem: { ...filesystem, label: evil, uuid: evil },
        efi: [
          {
            path: `/${evil}`,
            size: 1,
            program: {
              ...uki,
              machine: evil,
              osRelease: { NAME: evil },
              uname: evil,
              sbat: [evil],
              profiles: [profile(null, evil, evil, [evil])],
            },
          },
        ],
      },
      ...others,
    ];
    const text = draw({ partitions, faults: [evil], notes: [evil] }, { color: false });
    const controls = Array.from(text.replaceAll('\n', '')).filter(each => /[\p{Cc}\u202e]/u.test(each));
    expect(controls).toEqual([]);
  });
});
