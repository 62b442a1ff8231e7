/** Sizes: written as "4 GiB" in YAML, a whole number of bytes everywhere else. */

/** A size or offset in bytes; exact up to 2^53. */
export type Bytes = number;

const UNITS: Readonly<Record<string, Bytes>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

export const SIZE_PATTERN = String.raw`^[0-9]+(\.[0-9]+)? ?(B|KiB|MiB|GiB|TiB)$`;

/**
 * "192 MiB" -> 201326592. Takes a number (a fraction is fine when the result is whole) and a binary unit.
 * Returns null for anything else, also for what is not a whole number of bytes or above 2^53.
 */
export function parseSize(text: string): Bytes | null {
  const match = new RegExp(SIZE_PATTERN).exec(text);
  if (match === null) return null;
  const unit = UNITS[match[2] ?? ''];
  const number = Number.parseFloat(text);
  if (unit === undefined) return null;
  const bytes = number * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** 201326592 -> "192 MiB": exact, in the largest unit that leaves a whole number; parseSize reads it back. */
export function formatSize(bytes: Bytes): string {
  const [name, unit] = Object.entries(UNITS).findLast(([, each]) => bytes >= each && bytes % each === 0) ?? ['B', 1];
  return `${bytes / unit} ${name}`;
}

/** 123731968 -> "118 MiB", 18877952 -> "18.0 MiB": three digits or so, for people. */
export function roundSize(bytes: Bytes): string {
  const [name, unit] = Object.entries(UNITS).findLast(([, each]) => bytes >= each) ?? ['B', 1];
  const number = bytes / unit;
  return `${number >= 100 || Number.isInteger(number) ? Math.round(number) : number.toFixed(1)} ${name}`;
}
