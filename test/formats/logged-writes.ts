/** Logs of writes as the kernel's dm-log-writes would make them, by hand. */
export type Logged =
  | { start: number; bytes: Uint8Array; fua?: true; flush?: true }
  | { start: number; discard: number }
  | { mark: string }
  | 'flush';

export const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

/** Offsets and lengths are multiples of `sectorSize`. */
export function logOf(writes: readonly Logged[], sectorSize = 512): Uint8Array {
  const superblock = new Uint8Array(sectorSize);
  const view = new DataView(superblock.buffer);
  view.setBigUint64(0, 0x6a736677736872n, true);
  view.setBigUint64(8, 1n, true);
  view.setBigUint64(16, BigInt(writes.length), true);
  view.setUint32(24, sectorSize, true);
  return Buffer.concat([superblock, ...writes.flatMap(each => entryOf(each, sectorSize))]);
}

function entryOf(write: Logged, sectorSize: number): Uint8Array[] {
  const head = (fields: readonly number[], text = ''): Uint8Array => {
    const bytes = new Uint8Array(sectorSize);
    const view = new DataView(bytes.buffer);
    fields.forEach((value, index) => view.setBigUint64(index * 8, BigInt(value), true));
    bytes.set(Buffer.from(text), 32);
    return bytes;
  };
  if (write === 'flush') return [head([0, 0, 1, 0])];
  if ('mark' in write) return [head([0, 0, 8, write.mark.length], write.mark)];
  if ('discard' in write) return [head([write.start / sectorSize, write.discard / sectorSize, 4, 0])];
  const flags = (write.flush === true ? 1 : 0) + (write.fua === true ? 2 : 0);
  return [head([write.start / sectorSize, write.bytes.length / sectorSize, flags, 0]), write.bytes];
}
