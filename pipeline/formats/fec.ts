/**
 * Forward error correction of dm-verity: Reed-Solomon RS(255, 255 - roots) over GF(2^8), of which each byte of a block
 * is in a code word of its own. Linux, drivers/md/dm-verity-fec.c; cryptsetup, lib/verity/verity_fec.c.
 */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { readFully, type ReadAt } from './read-at.ts';

/** Symbols of a code word. */
const WORD = 255;
/** x^8 + x^4 + x^3 + x^2 + 1, as both programs ask for; the first root is 1. */
const FIELD = 0x11d;

const EXP = new Uint8Array(2 * WORD);
const LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < WORD; power += 1) {
  EXP[power] = value;
  EXP[power + WORD] = value;
  LOG[value] = power;
  value = value << 1 > 255 ? (value << 1) ^ FIELD : value << 1;
}

/** What the code covers, and where its parity stands; all offsets in one partition. */
export interface FecArea {
  blockSize: Bytes;
  /** They begin at 0. */
  dataBlocks: number;
  /** First block of the hash tree; all from there to the parity is covered. */
  treeStart: Bytes;
  /** Of the parity. */
  start: Bytes;
  /** Parity bytes in each 255. */
  roots: number;
}

/**
 * The block as its code words say it is, and how many bytes of it they correct. `block` counts data blocks, then those
 * of the tree. Null when a code word holds more than one wrong byte: a kernel corrects up to roots / 2. What comes out
 * is only right when its hash is.
 */
export async function correctBlock(
  read: ReadAt,
  area: FecArea,
  block: number,
): Promise<{ bytes: Uint8Array; corrected: number } | null> {
  const { roots, blockSize } = area;
  const lanes = laneCount(area);
  const [lane, target] = [block % lanes, Math.floor(block / lanes)];
  const columns = await readColumns(read, area, lane);
  const bytes = new Uint8Array(columns[target] ?? new Uint8Array(blockSize));
  const syndromes = syndromesOf(columns, { roots, blockSize });
  let corrected = 0;
  for (let at = 0; at < blockSize; at += 1) {
    const error = singleError(syndromes, at);
    if (error === null) return null;
    if (error.value === 0 || error.index !== target) continue;
    bytes[at] = (bytes[at] ?? 0) ^ error.value;
    corrected += 1;
  }
  return { bytes, corrected };
}

/** Covered blocks, data and then tree. */
export function coveredBlocks({ blockSize, dataBlocks, treeStart, start }: FecArea): number {
  return dataBlocks + Math.ceil((start - treeStart) / blockSize);
}

/** Where a covered block stands. */
export function coveredOffset({ blockSize, dataBlocks, treeStart }: FecArea, block: number): Bytes {
  return block < dataBlocks ? block * blockSize : treeStart + (block - dataBlocks) * blockSize;
}

/** The kernel's `rounds`: blocks that are this far apart are in one code word. */
function laneCount(area: FecArea): number {
  return Math.ceil(coveredBlocks(area) / (WORD - area.roots));
}

/** 255 columns of a block's length: byte k of each makes the code word of byte k. Null stands for zeros. */
async function readColumns(read: ReadAt, area: FecArea, lane: number): Promise<(Uint8Array | null)[]> {
  const { blockSize, start, roots } = area;
  if (roots < 2 || roots > 24) throw new FormatFault(`FEC of ${roots} roots`, 'the kernel takes 2 to 24');
  const [lanes, covered] = [laneCount(area), coveredBlocks(area)];
  const columns = Array.from({ length: WORD - roots }, async (_, index) => {
    const block = index * lanes + lane;
    if (block >= covered) return null;
    return readFully(read, 'a block that FEC covers', { offset: coveredOffset(area, block), length: blockSize });
  });
  const place = { offset: start + lane * blockSize * roots, length: blockSize * roots };
  const parity = await readFully(read, 'FEC parity', place);
  const transposed = Array.from({ length: roots }, (_, root) =>
    Uint8Array.from({ length: blockSize }, (_, at) => parity[at * roots + root] ?? 0),
  );
  return [...(await Promise.all(columns)), ...transposed];
}

/** By Horner's rule, all code words of a block at once: one array of a block's length for each root. */
function syndromesOf(
  columns: readonly (Uint8Array | null)[],
  { roots, blockSize }: { roots: number; blockSize: Bytes },
): Uint8Array[] {
  return Array.from({ length: roots }, (_, root) => {
    const times = Uint8Array.from({ length: 256 }, (_, value) =>
      value === 0 ? 0 : (EXP[((LOG[value] ?? 0) + root) % WORD] ?? 0),
    );
    const sums = new Uint8Array(blockSize);
    for (const column of columns)
      for (let at = 0; at < blockSize; at += 1) sums[at] = (times[sums[at] ?? 0] ?? 0) ^ (column?.[at] ?? 0);
    return sums;
  });
}

/** Syndromes of one wrong byte are a geometric series, whose ratio tells where it is. `value` 0: none is wrong. */
function singleError(syndromes: readonly Uint8Array[], at: number): { index: number; value: number } | null {
  const value = syndromes[0]?.[at] ?? 0;
  if (value === 0) return syndromes.every(each => each[at] === 0) ? { index: -1, value } : null;
  const second = syndromes[1]?.[at] ?? 0;
  if (second === 0) return null;
  const ratio = ((LOG[second] ?? 0) - (LOG[value] ?? 0) + WORD) % WORD;
  const fits = syndromes.every((each, root) => each[at] === EXP[((LOG[value] ?? 0) + root * ratio) % WORD]);
  return fits ? { index: WORD - 1 - ratio, value } : null;
}
