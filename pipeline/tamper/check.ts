/** How an independent program is asked about a flipped bit: on a copy of the bytes it needs, which others write and flip. */
import type { Bytes } from '../formats/bytes.ts';

/** `repairable`: wrong, and it knows how to put it right. */
export type ToolVerdict = 'sound' | 'repairable' | 'damaged';

export interface Check {
  tool: string;
  copy: CheckCopy;
  /** `COPY` stands for the path of the copy, `FOLDER` for that of its folder. */
  argv: readonly string[];
  /** Small files in the folder, by name. */
  files: Readonly<Record<string, string>>;
  verdict(exitCode: number, output: string): ToolVerdict;
}

/** Pieces of the disk in a file of their own, the rest of which is zeros. */
export interface CheckCopy {
  /** Unique in an image; checks with the same one share the file. */
  name: string;
  length: Bytes;
  pieces: readonly CopyPiece[];
}

export interface CopyPiece {
  /** On the disk; half open. */
  start: Bytes;
  end: Bytes;
  /** In the file. */
  at: Bytes;
}

/** Where a byte of the disk stands in the copy; null when it does not. */
export function placeInCopy({ pieces }: CheckCopy, offset: Bytes): Bytes | null {
  const piece = pieces.find(({ start, end }) => offset >= start && offset < end);
  return piece === undefined ? null : piece.at + offset - piece.start;
}

export function soundOrDamaged(exitCode: number): ToolVerdict {
  return exitCode === 0 ? 'sound' : 'damaged';
}
