/** Metadata region of a VHDX: [MS-VHDX] section 2.6. */
import type { Bytes } from '../bytes.ts';
import { FormatFault } from '../fault.ts';
import { decodeGuid, encodeGuid } from '../guid.ts';
import { type ReadAt, readFully, readU64, viewOf } from '../read-at.ts';
import type { Region } from './regions.ts';
import { checkShape, damaged, KIB, METADATA_PLACE, type Part, type VhdxShape } from './shape.ts';

const SIGNATURE = 'metadata';
const TABLE_BYTES = 64 * KIB;
const ENTRY_BYTES = 32;
const MOST_ENTRIES = 2047;
const FLAG = { isUser: 1, isVirtualDisk: 2, isRequired: 4 } as const;

/** Section 2.6.2: the items that every disk without a parent has. */
const ITEMS = {
  fileParameters: { id: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b', length: 8, flags: FLAG.isRequired },
  virtualDiskSize: {
    id: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
    length: 8,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
  virtualDiskId: {
    id: 'beca12ab-b2e6-4523-93ef-c309e000c746',
    length: 16,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
  logicalSectorSize: {
    id: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
    length: 4,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
  physicalSectorSize: {
    id: 'cda348c7-445d-4471-9cc9-e9885251c556',
    length: 4,
    flags: FLAG.isVirtualDisk | FLAG.isRequired,
  },
} as const;
const PARENT_LOCATOR = 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c';

/** Section 2.6.2.1, the bits of FileParameters. */
const LEAVE_BLOCK_ALLOCATED = 1;
const HAS_PARENT = 2;

export function encodeMetadata(shape: VhdxShape, diskId: string): Part {
  const values: Record<keyof typeof ITEMS, Uint8Array> = {
    fileParameters: u32s(shape.blockSize, shape.fixed ? LEAVE_BLOCK_ALLOCATED : 0),
    virtualDiskSize: u32s(shape.size % 2 ** 32, Math.floor(shape.size / 2 ** 32)),
    virtualDiskId: encodeGuid(diskId),
    logicalSectorSize: u32s(shape.logicalSectorSize),
    physicalSectorSize: u32s(shape.physicalSectorSize),
  };
  const names = Object.keys(ITEMS) as (keyof typeof ITEMS)[];
  const bytes = new Uint8Array(TABLE_BYTES + 4 * KIB);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(SIGNATURE, 'latin1'));
  view.setUint16(10, names.length, true);
  let place = TABLE_BYTES;
  names.forEach((name, i) => {
    const at = ENTRY_BYTES * (i + 1);
    bytes.set(encodeGuid(ITEMS[name].id), at);
    view.setUint32(at + 16, place, true);
    view.setUint32(at + 20, ITEMS[name].length, true);
    view.setUint32(at + 24, ITEMS[name].flags, true);
    bytes.set(values[name], place);
    place += ITEMS[name].length;
  });
  return { start: METADATA_PLACE.start, bytes };
}

/** Throws FormatFault for damage, for a disk with a parent and for a required item that is unknown. */
export async function readMetadata(read: ReadAt, region: Region): Promise<VhdxShape & { diskId: string }> {
  const table = await readFully(read, 'the VHDX metadata table', { offset: region.start, length: TABLE_BYTES });
  const entries = decodeTable(table, region.length);
  const item = async (name: keyof typeof ITEMS): Promise<Uint8Array> => {
    const entry = entries.get(ITEMS[name].id);
    if (entry === undefined) throw damaged(`no metadata item ${name}`);
    if (entry.length !== ITEMS[name].length || entry.flags !== ITEMS[name].flags) {
      throw damaged(`metadata item ${name} has ${entry.length} bytes and flags ${entry.flags}`);
    }
    return readFully(read, `metadata item ${name}`, { offset: region.start + entry.offset, length: entry.length });
  };
  const parameters = viewOf(await item('fileParameters'));
  const flags = parameters.getUint32(4, true);
  if ((flags & HAS_PARENT) !== 0) {
    throw new FormatFault(
      'VHDX with a parent: a differencing disk (checkpoint) holds only what changed',
      'merge it first: delete the checkpoint in Hyper-V, or use Merge-VHD',
    );
  }
  if (flags > LEAVE_BLOCK_ALLOCATED) throw damaged(`file parameters ${flags}`);
  const shape = {
    size: readU64(await item('virtualDiskSize'), 0),
    blockSize: parameters.getUint32(0, true),
    logicalSectorSize: viewOf(await item('logicalSectorSize')).getUint32(0, true),
    physicalSectorSize: viewOf(await item('physicalSectorSize')).getUint32(0, true),
    fixed: flags === LEAVE_BLOCK_ALLOCATED,
  };
  checkShape(shape);
  return { ...shape, diskId: decodeGuid(await item('virtualDiskId')) };
}

interface Entry {
  /** From the start of the region. */
  offset: Bytes;
  length: Bytes;
  flags: number;
}

/** Section 2.6.1: id -> entry. */
function decodeTable(table: Uint8Array, regionLength: Bytes): Map<string, Entry> {
  const view = viewOf(table);
  if (Buffer.from(table.subarray(0, 8)).toString('latin1') !== SIGNATURE) throw damaged('no metadata signature');
  const count = view.getUint16(10, true);
  if (count > MOST_ENTRIES) throw damaged(`metadata table of ${count} entries`);
  const known = new Set<string>([...Object.values(ITEMS).map(({ id }) => id), PARENT_LOCATOR]);
  const entries = new Map<string, Entry>();
  for (let at = ENTRY_BYTES; at <= count * ENTRY_BYTES; at += ENTRY_BYTES) {
    const id = decodeGuid(table, at);
    const [offset, length] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
    const flags = view.getUint32(at + 24, true);
    if (offset < TABLE_BYTES || offset + length > regionLength)
      throw damaged(`metadata item ${id} at ${offset}, ${length} bytes`);
    if (!known.has(id) && (flags & FLAG.isRequired) !== 0) {
      throw new FormatFault(
        `VHDX with a required metadata item ${id} that Caisson does not know`,
        'convert it with qemu-img',
      );
    }
    if (entries.has(id) && (flags & FLAG.isUser) === 0) throw damaged(`metadata item ${id} is there twice`);
    entries.set(id, { offset, length, flags });
  }
  return entries;
}

function u32s(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => viewOf(bytes).setUint32(4 * i, value, true));
  return bytes;
}
