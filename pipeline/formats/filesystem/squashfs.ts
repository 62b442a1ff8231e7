/** Superblock of squashfs 4.0: struct squashfs_super_block of the kernel's fs/squashfs/squashfs_fs.h. Little endian. */
import { readU64, viewOf } from '../read-at.ts';
import { damagedFilesystem, type DecodeFilesystem, isoTime } from './filesystem.ts';

const LENGTH = 96;
const MAGIC = 0x73717368;
/** By the number in the superblock. */
const COMPRESSORS: Readonly<Record<number, string>> = { 1: 'gzip', 2: 'lzma', 3: 'lzo', 4: 'xz', 5: 'lz4', 6: 'zstd' };

export const decodeSquashfs: DecodeFilesystem = async ({ head }) => {
  if (head.length < LENGTH) return null;
  const view = viewOf(head);
  if (view.getUint32(0, true) !== MAGIC) return null;
  const [blockSize, blockLog] = [view.getUint32(12, true), view.getUint16(22, true)];
  const [major, minor] = [view.getUint16(28, true), view.getUint16(30, true)];
  const compressor = COMPRESSORS[view.getUint16(20, true)];
  const size = readU64(head, 40);
  if (major !== 4) throw damagedFilesystem('squashfs', `version ${major}.${minor}; 4.0 is known`);
  if (blockLog < 12 || blockLog > 20 || blockSize !== 2 ** blockLog)
    throw damagedFilesystem('squashfs', `blocks of ${blockSize} and of 2^${blockLog} bytes`);
  if (compressor === undefined) throw damagedFilesystem('squashfs', `compressor ${view.getUint16(20, true)}`);
  if (size < LENGTH || !Number.isSafeInteger(size)) throw damagedFilesystem('squashfs', `${size} bytes in use`);
  return {
    type: 'squashfs',
    variant: `squashfs ${major}.${minor}`,
    uuid: null,
    label: '',
    blockSize,
    size,
    used: size,
    free: 0,
    compression: [compressor],
    made: isoTime(view.getUint32(8, true)),
    faults: [],
  };
};
