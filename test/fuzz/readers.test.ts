/** Whatever else reads bytes that a stranger may have made: changed fields and bytes, cut anywhere. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSignatures, authenticodeDigest } from '../../pipeline/formats/authenticode.ts';
import { decodeBundle, isBundle } from '../../pipeline/formats/bundle.ts';
import { readCpio } from '../../pipeline/formats/cpio.ts';
import { derItems, readDer, type DerValue } from '../../pipeline/formats/der.ts';
import { decodeSignatureLists } from '../../pipeline/formats/efi-signature-list.ts';
import { readErofs, type ErofsFolders } from '../../pipeline/formats/erofs-folder.ts';
import { decodeEventLog, replayEventLog } from '../../pipeline/formats/event-log.ts';
import { describeEvent } from '../../pipeline/formats/event-text.ts';
import { readExtents, readFatLayout } from '../../pipeline/formats/fat-files.ts';
import { decodeFilesystem } from '../../pipeline/formats/filesystem/decode.ts';
import { decodeGrubenv, encodeGrubenv, findGrubenv } from '../../pipeline/formats/grubenv.ts';
import { checkPath } from '../../pipeline/formats/hash-path.ts';
import { measuredProfiles } from '../../pipeline/formats/pcr.ts';
import { decodePe } from '../../pipeline/formats/pe.ts';
import type { ReadAt } from '../../pipeline/formats/read-at.ts';
import { shimSbatLevel } from '../../pipeline/formats/shim.ts';
import { decodeSignedContent, decodeSignedDigest } from '../../pipeline/formats/signed-data.ts';
import { decodeEfiProgram } from '../../pipeline/formats/uki.ts';
import { decodeVerity } from '../../pipeline/formats/verity.ts';
import { decodeVhdFooter, encodeVhdFooter } from '../../pipeline/formats/vhd.ts';
import { vmdkDescriptorPlace } from '../../pipeline/formats/vmdk.ts';
import { readWriteLog } from '../../pipeline/formats/write-log.ts';
import { zstdFrameEnd } from '../../pipeline/formats/zstd-frame.ts';
import { captured } from '../formats/captured.ts';
import { cpioOf } from '../formats/cpio.ts';
import { entries, erofsOf, nidOf } from '../formats/erofs-image.ts';
import { made } from '../formats/made.ts';
import { answerOf, boundedRead, edited, editsOf, type Bounds, type Field } from './bytes.ts';
import { PATIENCE, runs } from './runs.ts';

interface Reader {
  base: Uint8Array;
  /** Whatever else is done with what was read is part of it. */
  use: (read: ReadAt, bytes: Uint8Array) => unknown;
  /** Fields of 2 and 4 bytes begin at each even place up to here. */
  head: number;
  bounds?: Bounds;
}

const MIB = 2 ** 20;
const BOUNDS: Bounds = { reads: 300, most: MIB };
const certificates = decodePeTable(made('uki-signed'));
const cms = readFileSync(new URL('./bundle.cms', import.meta.url));
const bundle = Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(4092), cms, u64(cms.length)]);
const folder = (mode: number, ...names: number[]) => ({
  mode,
  content: entries([
    { name: '.', nid: nidOf(0) },
    { name: '..', nid: nidOf(0) },
    ...names.map(index => ({ name: `kelp${index}`, nid: nidOf(index) })),
  ]),
});
const erofs = erofsOf([
  folder(0o040755, 1, 2, 3),
  folder(0o040700, 2),
  { mode: 0o100644, content: Buffer.from('green') },
  { mode: 0o120777, extended: true, content: Buffer.from('../reef') },
]).image;

const READERS: Record<string, Reader> = {
  'VHD footer': { base: footer(), head: 96, use: (_, bytes) => decodeVhdFooter(bytes) },
  'VMDK header': {
    base: Buffer.concat([
      Buffer.from('KDMV'),
      Buffer.alloc(24),
      Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.alloc(468),
    ]),
    head: 64,
    use: (_, bytes) => vmdkDescriptorPlace(bytes),
  },
  ...filesystems('ext2', 'ext4', 'erofs-zstd', 'erofs-plain', 'squashfs', 'fat12', 'fat32', 'fat4k'),
  'files of a FAT': { base: made('esp'), head: 2048, bounds: { reads: 2000, most: 4 * MIB }, use: readAllFiles },
  'files of FAT32': {
    base: made('fat32').subarray(0, MIB),
    head: 4096,
    bounds: { reads: 2000, most: 4 * MIB },
    use: readAllFiles,
  },
  'erofs folders': {
    base: erofs,
    head: erofs.length,
    bounds: { reads: 5000, most: MIB },
    use: async read => walk(await readErofs(read)),
  },
  ...trees('tree-sha256-1', 'tree-sha256-0', 'tree-sha512-1', 'tree-sha1-1'),
  PE: {
    base: made('uki-signed'),
    head: 1024,
    use: async (read, bytes) => measuredProfiles(read, (await decodePe(read, bytes.length)).sections),
  },
  UKI: { base: made('uki'), head: 1024, use: async (read, bytes) => decodeEfiProgram(read, bytes.length) },
  'add-on': { base: made('addon'), head: 1024, use: async (read, bytes) => decodeEfiProgram(read, bytes.length) },
  shim: { base: made('shim'), head: 1024, use: async (read, bytes) => shimSbatLevel(read, bytes.length) },
  Authenticode: {
    base: made('uki-signed'),
    head: 1024,
    use: async (read, bytes) => [
      await authenticodeDigest(read, bytes.length),
      await readSignatures(read, bytes.length),
    ],
  },
  'signature of a program': {
    base: certificates,
    head: certificates.length,
    use: (_, bytes) => decodeSignedDigest(bytes),
  },
  'signature of a bundle': { base: cms, head: cms.length, use: (_, bytes) => decodeSignedContent(bytes) },
  DER: { base: certificates, head: 200, use: (_, bytes) => allOf(readDer(bytes)) },
  bundle: {
    base: bundle,
    head: 8,
    use: async (read, bytes) => [await isBundle(read, bytes.length), await decodeBundle(read, bytes.length)],
  },
  cpio: { base: cpio(), head: 400, use: async (read, bytes) => readCpio(read, { start: 0, end: bytes.length }) },
  'zstd frame': {
    base: Buffer.concat([
      Buffer.from('28b52ffd2007080000 67310000616c6c656f6e'.replace(' ', ''), 'hex'),
      Buffer.alloc(40),
    ]),
    head: 16,
    use: async read => zstdFrameEnd(read, 0),
  },
  'event log': {
    base: captured('secure-boot.log'),
    head: 4096,
    use: (_, bytes) => {
      const events = decodeEventLog(bytes);
      replayEventLog(events);
      // oxlint-disable-next-line no-control-regex
      for (const event of events) expect(describeEvent(event)).not.toMatch(/[\u0000-\u001f\u007f]/);
    },
  },
  'signature lists': { base: lists(), head: 60, use: (_, bytes) => decodeSignatureLists(bytes) },
  'log of writes': {
    base: captured('writes.log'),
    head: 2048,
    use: async (read, bytes) => readWriteLog(read, bytes.length),
  },
  grubenv: {
    base: encodeGrubenv({ SLOT: 'A', TRIES: '3' }),
    head: 100,
    use: (_, bytes) => [findGrubenv(bytes), decodeGrubenv(bytes)],
  },
};

describe.each(Object.entries(READERS))('%s', (_, { base, use, head, bounds = BOUNDS }) => {
  const cuts = fc.oneof({ weight: 5, arbitrary: fc.constant(base.length) }, fc.nat(base.length), fc.nat(64));
  const input = fc.record({ edits: editsOf(base, fieldsOf(Math.min(head, base.length)), base.length), cut: cuts });

  test(
    'answers, or refuses in words',
    async () => {
      await answerOrThrow(base, { use, bounds });
      await fc.assert(
        fc.asyncProperty(input, async ({ edits, cut }) => {
          await answerOf(async () => answerOrThrow(edited(base.subarray(0, cut), edits), { use, bounds }));
        }),
        runs(base.length > 2 * MIB ? 0.1 : 0.25),
      );
    },
    PATIENCE,
  );
});

async function answerOrThrow(
  bytes: Uint8Array,
  { use, bounds }: { use: Reader['use']; bounds: Bounds },
): Promise<void> {
  await use(boundedRead(bytes, bounds), bytes);
}

function fieldsOf(head: number): Field[] {
  return Array.from({ length: Math.floor(head / 2) }, (_, index) => index * 2).flatMap(at => [
    { at, width: 2 as const },
    { at, width: 4 as const },
    ...(at % 8 === 0 ? [{ at, width: 8 as const }] : []),
  ]);
}

function filesystems(...names: string[]): Record<string, Reader> {
  const use: Reader['use'] = async (read, bytes) => decodeFilesystem(read, bytes.length);
  return Object.fromEntries(
    names.map(name => [
      `superblock of ${name}`,
      { base: made(name).subarray(0, MIB), head: 2048, use, bounds: { reads: 300, most: 64 * MIB } },
    ]),
  );
}

/** The superblock stands at 0, and behind it the tree; what it was made of is not there. */
function trees(...names: string[]): Record<string, Reader> {
  const use: Reader['use'] = async (read, bytes) => {
    const verity = await decodeVerity(read, { offset: 0, room: bytes.length });
    if (verity === null || verity.rootHash === null || verity.tree.levels === 0) return;
    await checkPath(read, verity, { place: { level: 0, index: 0 }, rootHash: verity.rootHash });
  };
  return Object.fromEntries(names.map(name => [`verity ${name}`, { base: made(name), head: 512, use }]));
}

async function readAllFiles(read: ReadAt): Promise<void> {
  const { files } = await readFatLayout(read);
  for (const { size, extents } of files.slice(0, 20)) {
    const bytes = await readExtents(read, extents, 4 * MIB);
    expect(bytes.length).toBe(size);
  }
}

/** Folders lead to folders, and to themselves: as many as a walk that heeds those that it knows would ask for. */
async function walk({ root, children }: ErofsFolders): Promise<void> {
  const seen = new Set([root]);
  for (let level = [root]; level.length > 0;) {
    const found = [];
    for (const each of level) found.push(...(await children(each)));
    level = found
      .filter(each => each.type === 'directory')
      .map(each => Number(each.id))
      .filter(each => !seen.has(each));
    for (const each of level) seen.add(each);
  }
}

function allOf(value: DerValue): number {
  return (value.tag & 0x20) === 0 ? 1 : derItems(value).reduce((sum, each) => sum + allOf(each), 1);
}

function footer(): Uint8Array {
  return encodeVhdFooter(8 * MIB, { uniqueId: '0f1e2d3c-4b5a-4697-8877-665544332211', epoch: 1_444_444_444 });
}

function cpio(): Uint8Array {
  return cpioOf([
    { name: 'reef', mode: 0o040755 },
    { name: 'reef/kelp', mode: 0o100644, content: 'green' },
    { name: 'reef/link', mode: 0o120777, content: 'kelp' },
  ]);
}

function lists(): Uint8Array {
  return Buffer.from(
    '2616c4c14c509240aca941f9369343284c000000000000003000000050ab5d6046e00043abb63dd810dd8b23f4166948f7adafa71e45c7ca5d30d97f78f382ecf1e3c8e4767b1ec1770cd52f',
    'hex',
  );
}

/** The first WIN_CERTIFICATE's content; the table stands at the end, as long as the program without it is not. */
function decodePeTable(signed: Uint8Array): Uint8Array {
  const start = made('uki').length;
  const length = new DataView(signed.buffer).getUint32(start, true);
  return signed.slice(start + 8, start + length);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
