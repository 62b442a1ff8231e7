import { describe, expect, it } from 'vitest';
import { crc32c } from '../../pipeline/formats/crc32c.ts';

describe('crc32c', () => {
  const rising = Uint8Array.from({ length: 32 }, (_, i) => i);

  // RFC 3720, appendix B.4; the last one is the check value of the CRC catalogues.
  it.each([
    ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', rising, 0x46dd794e],
    ['31 to 0', rising.toReversed(), 0x113fdb5c],
    ['"123456789"', Buffer.from('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('%s', (_, bytes, expected) => expect(crc32c(bytes)).toBe(expected));
});
