/** Where a zstd frame ends: RFC 8878, section 3.1. Nothing is decompressed. */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { readFully, viewOf, type ReadAt } from './read-at.ts';

export const ZSTD_MAGIC = 0xfd2fb528;
/** "Frame_Content_Size_Flag" and "Dictionary_ID_Flag": bytes of their fields. */
const CONTENT_SIZE = [0, 2, 4, 8] as const;
const DICTIONARY_ID = [0, 1, 2, 4] as const;
/** More than an initrd of 2 GiB has. Of zeros each three bytes are an empty block: an image of them would take hours. */
const MOST_BLOCKS = 2 ** 20;
const RLE = 1;
const RESERVED = 3;

/** One past the frame at `start`. Throws FormatFault for what is none. */
export async function zstdFrameEnd(read: ReadAt, start: Bytes): Promise<Bytes> {
  const head = await readFully(read, 'a zstd frame', { offset: start, length: 5 });
  if (viewOf(head).getUint32(0, true) !== ZSTD_MAGIC) throw damaged(`no frame at ${start}`);
  const descriptor = head[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const size = CONTENT_SIZE[(descriptor >> 6) as 0 | 1 | 2 | 3] || (single ? 1 : 0);
  let at = start + 5 + (single ? 0 : 1) + DICTIONARY_ID[(descriptor & 3) as 0 | 1 | 2 | 3] + size;
  let blocks = 0;
  for (let last = false; !last;) {
    blocks += 1;
    if (blocks > MOST_BLOCKS) throw damaged(`more than ${MOST_BLOCKS} blocks from ${start} on`);
    const [low = 0, middle = 0, high = 0] = await readFully(read, 'a zstd block', { offset: at, length: 3 });
    const header = low | (middle << 8) | (high << 16);
    const type = (header >> 1) & 3;
    if (type === RESERVED) throw damaged(`a block of a reserved type at ${at}`);
    at += 3 + (type === RLE ? 1 : header >> 3);
    last = (header & 1) === 1;
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4);
}

function damaged(what: string): FormatFault {
  return new FormatFault(`damaged zstd: ${what}`, 'build the image again, or copy it again and compare its checksum');
}
