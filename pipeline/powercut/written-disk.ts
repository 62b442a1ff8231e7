/** A disk as its image and a log of writes leave it: no byte is copied. */
import type { Bytes } from '../formats/bytes.ts';
import type { Extent } from '../formats/fat-files.ts';
import { type ReadAt, readFully } from '../formats/read-at.ts';
import type { LogEntry } from '../formats/write-log.ts';

/** Bytes of the disk that were written. */
export interface Piece extends Extent {
  /** Where its first byte stands in the log; null for zeros. */
  at: Bytes | null;
}

/** In order, none over another. */
export type Pieces = readonly Piece[];

/** What stood there is replaced, or cut to what is left of it. A discard leaves zeros, as QEMU's disks do. */
export function withPiece(pieces: Piece[], piece: Piece): void {
  if (piece.start === piece.end) return;
  const first = indexOf(pieces, piece.start);
  let last = first;
  const rest: Piece[] = [];
  for (let over = pieces[last]; over !== undefined && over.start < piece.end; over = pieces[last]) {
    if (over.start < piece.start) rest.push({ ...over, end: piece.start });
    if (over.end > piece.end) rest.push(from(over, piece.end));
    last += 1;
  }
  const [before, after] = [rest.filter(({ end }) => end <= piece.start), rest.filter(({ end }) => end > piece.start)];
  pieces.splice(first, last - first, ...before, piece, ...after);
}

/** What an entry leaves on the disk; of a write only the first `length` bytes. */
export function pieceOf({ kind, start, end, at }: LogEntry, length: Bytes = end - start): Piece {
  return { start, end: start + length, at: kind === 'write' ? at : null };
}

/** Reads the disk: `log` where something was written, else `base`. */
export function writtenDisk(pieces: Pieces, { base, log }: { base: ReadAt; log: ReadAt }): ReadAt {
  const readBase = async (bytes: Uint8Array, { start, end }: Extent, offset: Bytes): Promise<void> => {
    if (start < end) bytes.set(await base(start, end - start), start - offset);
  };
  return async (offset, length) => {
    const bytes = new Uint8Array(length);
    let done = offset;
    for (const { start, end, at } of piecesIn(pieces, { start: offset, end: offset + length })) {
      await readBase(bytes, { start: done, end: start }, offset);
      const place = { offset: at ?? 0, length: end - start };
      if (at !== null) bytes.set(await readFully(log, 'what was written', place), start - offset);
      done = end;
    }
    await readBase(bytes, { start: done, end: offset + length }, offset);
    return bytes;
  };
}

/** The parts of the pieces that are within. */
export function piecesIn(pieces: Pieces, { start, end }: Extent): Piece[] {
  const found: Piece[] = [];
  for (let index = indexOf(pieces, start); ; index += 1) {
    const piece = pieces[index];
    if (piece === undefined || piece.start >= end) return found;
    const whole = piece.start < start ? from(piece, start) : piece;
    found.push(whole.end > end ? { ...whole, end } : whole);
  }
}

/** Where two disks of one image and log have the same name here, they have the same bytes. */
export function contentName(pieces: Pieces, span: Extent): string {
  const parts = joined(piecesIn(pieces, span)).map(({ start, end, at }) => `${start}-${end}@${at ?? ''}`);
  return parts.join(' ');
}

/** Of the first piece that ends behind `offset`. */
function indexOf(pieces: Pieces, offset: Bytes): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle]?.end ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function from({ start, end, at }: Piece, offset: Bytes): Piece {
  return { start: offset, end, at: at === null ? null : at + offset - start };
}

/** A piece that was cut in two by one that another cut did not have is one again. */
function joined(pieces: Pieces): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (last?.end === piece.start && follows(last, piece)) last.end = piece.end;
    else all.push({ ...piece });
  }
  return all;
}

function follows(last: Piece, { at }: Piece): boolean {
  return last.at === null ? at === null : last.at + last.end - last.start === at;
}
