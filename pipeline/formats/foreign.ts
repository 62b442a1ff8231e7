/** Files that hold a disk in a form that is not read here, told by their first bytes. */

export interface ForeignFile {
  /** "a qcow2 image". */
  what: string;
  /** The way out, for a file of this path. */
  wayOut: (path: string) => string;
}

/** Bytes to hand to foreignFile, as far as the file has them. */
export const FOREIGN_HEAD_BYTES = 512;

/** Bytes that stand at a place. */
type Mark = readonly [at: number, bytes: readonly number[]];

interface Kind extends ForeignFile {
  marks: readonly Mark[];
}

const VHD: Mark = [0, ascii('conectix')];

const KINDS: readonly Kind[] = [
  // Dynamic disks have a copy of the footer in front; at 60 stands the kind of disk.
  { what: 'a dynamic VHD', marks: [VHD, [60, [0, 0, 0, 3]]], wayOut: convertFrom('vpc') },
  {
    what: 'a differencing VHD',
    marks: [VHD, [60, [0, 0, 0, 4]]],
    wayOut: path => `merge it with its parent first, in Hyper-V: Merge-VHD ${word(path)}`,
  },
  { what: 'a qcow2 image', marks: [[0, [...ascii('QFI'), 0xfb]]], wayOut: convertFrom('qcow2') },
  { what: 'a VMDK image', marks: [[0, ascii('KDMV')]], wayOut: convertFrom('vmdk') },
  { what: 'a VMDK image of ESX', marks: [[0, ascii('COWD')]], wayOut: convertFrom('vmdk') },
  { what: 'the descriptor of a VMDK image', marks: [[0, ascii('# Disk DescriptorFile')]], wayOut: convertFrom('vmdk') },
  { what: 'a VDI image', marks: [[0x40, [0x7f, 0x10, 0xda, 0xbe]]], wayOut: convertFrom('vdi') },
  { what: 'compressed by zstd', marks: [[0, [0x28, 0xb5, 0x2f, 0xfd]]], wayOut: uncompressBy('zstd -d --sparse') },
  { what: 'compressed by gzip', marks: [[0, [0x1f, 0x8b, 8]]], wayOut: uncompressBy('gzip -dk') },
  { what: 'compressed by xz', marks: [[0, [0xfd, ...ascii('7zXZ'), 0]]], wayOut: uncompressBy('xz -dk') },
  { what: 'a ZIP archive', marks: [[0, [...ascii('PK'), 3, 4]]], wayOut: uncompressBy('unzip') },
];

/** What a file that begins with `head` is, when it is one of those; null for anything else. */
export function foreignFile(head: Uint8Array): ForeignFile | null {
  const has = ([at, bytes]: Mark): boolean => bytes.every((byte, index) => head[at + index] === byte);
  return KINDS.find(kind => kind.marks.every(has)) ?? null;
}

function convertFrom(format: string): (path: string) => string {
  // Not FILE.raw for FILE.qcow2: that may be there, from the same build, and qemu-img does not ask.
  return path => `convert it first: qemu-img convert -f ${format} -O raw ${word(path)} ${word(`${path}.raw`)}`;
}

function uncompressBy(command: string): (path: string) => string {
  return path => `uncompress it first: ${command} ${word(path)}`;
}

function ascii(text: string): number[] {
  return [...Buffer.from(text, 'latin1')];
}

/** As a shell takes it for one word. */
function word(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
