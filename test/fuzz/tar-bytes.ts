/** Tars as nobody's program would write them: every field as it is given, and only the checksum right. */

export interface RawEntry {
  name: Buffer;
  /** `0` a file, `1` a hard link, `2` a symbolic link, `5` a directory, `S` sparse, `x` pax. */
  type: string;
  link: Buffer;
  /** Fields of 8, 8, 8, 12 and 8 bytes, as they stand in the header. */
  mode: Buffer;
  uid: Buffer;
  gid: Buffer;
  size: Buffer;
  major: Buffer;
  /** What follows the header, padded here to whole blocks; may be less or more than `size` says. */
  data: Buffer;
  /** `name=value` records of a pax header before it; empty for none. */
  pax: readonly (readonly [string, string])[];
}

const BLOCK = 512;

export function tarOf(entries: readonly RawEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)]);
}

/** Seven or eleven octal digits and what ends them. */
export function octal(value: number, width: 8 | 12): Buffer {
  return Buffer.from(`${value.toString(8).padStart(width - 1, '0')}\0`);
}

/** The form of GNU tar for what octal digits cannot say: any value of 64 bits, negative ones too. */
export function base256(value: bigint, width: 8 | 12): Buffer {
  const bytes = Buffer.alloc(width, value < 0n ? 0xff : 0);
  bytes.writeBigInt64BE(value, width - 8);
  bytes[0] = value < 0n ? 0xff : 0x80;
  return bytes;
}

export function entry(fields: Partial<RawEntry> & Pick<RawEntry, 'name'>): RawEntry {
  const data = fields.data ?? Buffer.alloc(0);
  return {
    type: '0',
    link: Buffer.alloc(0),
    mode: octal(0o644, 8),
    uid: octal(0, 8),
    gid: octal(0, 8),
    major: octal(0, 8),
    size: octal(data.length, 12),
    data,
    pax: [],
    ...fields,
  };
}

function blocksOf({ pax, ...own }: RawEntry): Buffer[] {
  if (pax.length === 0) return [headerOf(own), padded(own.data)];
  const records = Buffer.from(pax.map(([key, value]) => record(`${key}=${value}\n`)).join(''));
  const before = entry({ name: Buffer.from('pax'), type: 'x', data: records });
  return [headerOf(before), padded(records), headerOf(own), padded(own.data)];
}

/** POSIX.1-2017, "ustar Interchange Format". */
function headerOf({ name, type, link, mode, uid, gid, size, major }: Omit<RawEntry, 'pax' | 'data'>): Buffer {
  const header = Buffer.alloc(BLOCK);
  name.copy(header, 0, 0, 100);
  for (const [at, field, length] of [
    [100, mode, 8],
    [108, uid, 8],
    [116, gid, 8],
    [124, size, 12],
    [329, major, 8],
  ] as const)
    field.copy(header, at, 0, length);
  header.write('00000000000\0', 136);
  header.write(type, 156, 1, 'latin1');
  link.copy(header, 157, 0, 100);
  header.write('ustar\0' + '00', 257);
  header.fill(' ', 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return header;
}

/** With its own length in front, which counts itself. */
function record(text: string): string {
  const bare = Buffer.byteLength(text) + 1;
  let length = bare + String(bare).length;
  if (String(length).length > String(bare).length) length += 1;
  return `${length} ${text}`;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);
}
