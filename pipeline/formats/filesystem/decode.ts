/** Which file system stands in a partition, by its superblock. */
import { formatSize, type Bytes } from '../bytes.ts';
import { type ReadAt, readFully } from '../read-at.ts';
import { decodeErofs } from './erofs.ts';
import { decodeExt4 } from './ext4.ts';
import { decodeFat } from './fat.ts';
import { type Filesystem, HEAD_BYTES } from './filesystem.ts';
import { decodeSquashfs } from './squashfs.ts';

/** FAT last: its signature is that of any boot sector. */
const DECODERS = [decodeSquashfs, decodeErofs, decodeExt4, decodeFat] as const;

/** What must be zeros for a partition to be called empty. */
const EMPTY_BYTES: Bytes = 2 ** 20;
const ZEROS = new Uint8Array(EMPTY_BYTES);

/**
 * The file system of a partition of `room` bytes that `read` sees from its start; null for none that is known here.
 * Throws FormatFault for one whose superblock is damaged. Reads superblocks, and of FAT the table, 64 MiB at most.
 */
export async function decodeFilesystem(read: ReadAt, room: Bytes): Promise<Filesystem | null> {
  const head = await readFully(read, 'the superblock', { offset: 0, length: Math.min(HEAD_BYTES, room) });
  for (const decode of DECODERS) {
    const found = await decode({ read, room, head });
    if (found === null) continue;
    const short = found.size > room;
    const fault = `it is ${formatSize(found.size)} long, but its partition has ${formatSize(room)}`;
    return short ? { ...found, faults: [fault, ...found.faults] } : found;
  }
  return null;
}

/** True when the first MiB is zeros: nothing was ever put there, as in a slot that an update will fill. */
export async function isEmpty(read: ReadAt, room: Bytes): Promise<boolean> {
  const bytes = await readFully(read, 'the first MiB', { offset: 0, length: Math.min(EMPTY_BYTES, room) });
  return Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;
}
