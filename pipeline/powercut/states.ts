/** What each cut leaves on the disk. */
import type { LogEntry } from '../formats/write-log.ts';
import type { Cut } from './cuts.ts';
import { pieceOf, withPiece, type Piece, type Pieces } from './written-disk.ts';

/** One after the other; cuts must be in the order of the log. */
export function* statesOf(cuts: readonly Cut[], entries: readonly LogEntry[]): Generator<{ cut: Cut; pieces: Pieces }> {
  const settled: Piece[] = [];
  let done = 0;
  for (const cut of cuts) {
    // What was done before a flush is there for every later cut too.
    const flush = entries.findLastIndex((entry, index) => index < cut.after && entry.flush);
    for (; done < flush; done += 1) apply(settled, entries[done]);
    const pieces = [...settled];
    for (let index = done; index < cut.after; index += 1) {
      const torn = cut.kind === 'torn' && index === cut.after - 1;
      if (!cut.lost.includes(index)) apply(pieces, entries[index], torn ? cut.done : undefined);
    }
    yield { cut, pieces };
  }
}

/** The disk when [0, after) were done. */
export function stateAfter(entries: readonly LogEntry[], after: number): Pieces {
  const pieces: Piece[] = [];
  for (const entry of entries.slice(0, after)) apply(pieces, entry);
  return pieces;
}

function apply(pieces: Piece[], entry: LogEntry | undefined, length?: number): void {
  if (entry !== undefined && entry.kind !== 'mark') withPiece(pieces, pieceOf(entry, length));
}
