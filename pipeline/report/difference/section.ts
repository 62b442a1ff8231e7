/** A part of a difference as a table of text. */

/** `+` new, `-` gone, `~` changed. */
export type Mark = '+' | '-' | '~';

export interface Row {
  mark: Mark;
  cells: readonly string[];
}

export interface Section {
  title: string;
  /** Titles of the cells. */
  columns: readonly { title: string; align: 'left' | 'right' }[];
  rows: readonly Row[];
  /** Said instead of rows, or beside them; empty for nothing. */
  note: string;
}
