/** Bytes that aren't what a format says, or values that a format can't hold; `hint` is the way out. */
export class FormatFault extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'FormatFault';
    this.hint = hint;
  }
}
