/** CRC-32C (Castagnoli), which VHDX uses; GPT's CRC-32 is node:zlib's. */

/** Reflected polynomial 0x1EDC6F41; init and final XOR 0xFFFFFFFF (RFC 3720, appendix B.4). */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** Unsigned 32-bit checksum of all the bytes. One table, byte by byte: it only ever sees 64 KiB tables. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
