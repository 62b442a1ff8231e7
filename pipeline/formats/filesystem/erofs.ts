/** Superblock of erofs: struct erofs_super_block of the kernel's fs/erofs/erofs_fs.h, whose field names follow. */
import type { Bytes } from '../bytes.ts';
import { crc32c } from '../crc32c.ts';
import { fieldText } from '../field-text.ts';
import { NIL_GUID, decodeUuid } from '../guid.ts';
import { readFully, readU64, viewOf } from '../read-at.ts';
import { damagedFilesystem, type DecodeFilesystem, isoTime, type Source } from './filesystem.ts';

const START = 1024;
const LENGTH = 128;
const MAGIC = 0xe0f5e1e2;

const COMPAT_CHECKSUM = 0x1;
const INCOMPAT = { lz4Padding: 0x1, compressionConfigs: 0x2, is48bit: 0x80 } as const;
/** Bits of available_compr_algs. */
const ALGORITHMS = ['lz4', 'lzma', 'deflate', 'zstd'] as const;

export const decodeErofs: DecodeFilesystem = async source => {
  const bytes = source.head.subarray(START, START + LENGTH);
  if (bytes.length < LENGTH) return null;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) return null;
  const blockBits = bytes[12] ?? 0;
  if (blockBits < 9 || blockBits > 16) throw damagedFilesystem('erofs', `block size 2^${blockBits}`);
  const blockSize = 2 ** blockBits;
  await checkSum(source, { view, blockSize });
  const incompat = view.getUint32(80, true);
  const high = (incompat & INCOMPAT.is48bit) !== 0 && readU64(bytes, 112) !== 0 ? view.getUint16(14, true) : 0;
  const blocks = view.getUint32(36, true) + high * 2 ** 32;
  if (blocks === 0 || !Number.isSafeInteger(blocks * blockSize))
    throw damagedFilesystem('erofs', `${blocks} blocks of ${blockSize} bytes`);
  const uuid = decodeUuid(bytes, 48);
  return {
    type: 'erofs',
    variant: 'erofs',
    uuid: uuid === NIL_GUID ? null : uuid,
    label: fieldText(bytes.subarray(64, 80)),
    blockSize,
    size: blocks * blockSize,
    used: blocks * blockSize,
    free: 0,
    compression: compressionOf(incompat, view.getUint16(84, true)),
    made: isoTime(readU64(bytes, 24)),
    faults: [],
  };
};

/** CRC-32C from the superblock to the end of its block, its own field as zeros, without the final inversion. */
async function checkSum({ read }: Source, { view, blockSize }: { view: DataView; blockSize: Bytes }): Promise<void> {
  if ((view.getUint32(8, true) & COMPAT_CHECKSUM) === 0) return;
  const length = blockSize > START ? blockSize - START : blockSize;
  const summed = new Uint8Array(await readFully(read, 'the block of the superblock', { offset: START, length }));
  summed.fill(0, 4, 8);
  const [found, stored] = [(crc32c(summed) ^ 0xffffffff) >>> 0, view.getUint32(4, true)];
  if (found !== stored)
    throw damagedFilesystem(
      'erofs',
      `CRC-32C of the superblock is ${found.toString(16)}, it says ${stored.toString(16)}`,
    );
}

/** Without configurations the same field is the window of LZ4, then the only algorithm. */
function compressionOf(incompat: number, field: number): string[] {
  if ((incompat & INCOMPAT.compressionConfigs) !== 0) return ALGORITHMS.filter((_, bit) => ((field >> bit) & 1) === 1);
  return (incompat & INCOMPAT.lz4Padding) === 0 ? [] : ['lz4'];
}
