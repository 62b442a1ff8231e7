/** Binary input with changed fields: edits over bytes that stay as they are, and a reader that counts what is asked of it. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { FormatFault } from '../../pipeline/formats/fault.ts';
import type { ReadAt } from '../../pipeline/formats/read-at.ts';

export interface Field {
  at: number;
  width: 1 | 2 | 4 | 8 | 16;
}

export interface Edit {
  at: number;
  bytes: Uint8Array;
}

/** Reading far more than the source has, or again and again, is a loop, or a length that nobody checked. */
export interface Bounds {
  reads: number;
  /** Of one read. */
  most: number;
  /** Of the file, when it goes on behind the bytes: with zeros. */
  length?: number;
}

/** Of a field, what readers get wrong: borders, powers of two, what does not fit 53 bits, its neighbours. */
const TELLING = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  127n,
  128n,
  255n,
  256n,
  511n,
  512n,
  4095n,
  4096n,
  4097n,
  0x7fffn,
  0xffffn,
  0x1_0000n,
  2n ** 20n - 1n,
  2n ** 20n,
  2n ** 21n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 46n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
] as const;

/** One to four changes: of fields to telling values, of fields by a little, of any byte, of a field to another's bytes. */
export function editsOf(base: Uint8Array, fields: readonly Field[], places = base.length): fc.Arbitrary<Edit[]> {
  const field = fc.constantFrom(...fields);
  const told = fc.tuple(field, fc.constantFrom(...TELLING)).map(([own, value]) => put(own, value));
  const moved = fc
    .tuple(field, fc.integer({ min: -3, max: 3 }))
    .map(([own, by]) => put(own, valueIn(base, own) + BigInt(by)));
  const flipped = fc
    .tuple(fc.nat(places - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, flip]) => ({ at, bytes: Uint8Array.of((base[at] ?? 0) ^ flip) }));
  const copied = fc
    .tuple(field, field)
    .map(([from, to]) => ({ at: to.at, bytes: base.slice(from.at, from.at + to.width) }));
  const noise = fc
    .tuple(field, fc.uint8Array({ minLength: 16, maxLength: 16 }))
    .map(([own, bytes]) => ({ at: own.at, bytes: bytes.subarray(0, own.width) }));
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: told },
      { weight: 2, arbitrary: moved },
      { weight: 2, arbitrary: flipped },
      copied,
      noise,
    ),
    { minLength: 1, maxLength: 4 },
  );
}

export function edited(base: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const bytes = new Uint8Array(base);
  for (const { at, bytes: own } of edits) if (at < bytes.length) bytes.set(own.subarray(0, bytes.length - at), at);
  return bytes;
}

/** A reader of `bytes`, as a file of that length is read. What breaks its bounds is no FormatFault, so the property fails. */
export function boundedRead(bytes: Uint8Array, { reads, most, length: end = bytes.length }: Bounds): ReadAt {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let left = reads;
  return async (offset, length) => {
    left -= 1;
    if (left < 0) throw new Error(`read more than ${reads} times`);
    if (!Number.isSafeInteger(length) || length < 0 || length > most) throw new Error(`read of ${length} bytes`);
    // A file descriptor takes -1 for "where you are".
    if (!(offset >= 0)) throw new Error(`read at ${offset}`);
    const found = source.subarray(offset, Math.min(offset + length, end));
    const zeros = Math.max(0, Math.min(length, end - offset) - found.length);
    return zeros === 0 ? found : Buffer.concat([found, Buffer.alloc(zeros)]);
  };
}

/** What a reader answers: a value, or null for a FormatFault that says something. All else is thrown. */
export async function answerOf<T>(work: () => Promise<T> | T): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    expect(error.message).toMatch(/^.{10,2000}$/su);
    expect(error.message).not.toMatch(/undefined|\[object|NaN/);
    return null;
  }
}

export interface Tally {
  answered: number;
  refused: number;
}

/** What is refused at the door, or never, tries nothing of a reader. */
export function mustHaveTried({ answered, refused }: Tally): void {
  expect(answered).toBeGreaterThan((answered + refused) / 50);
  expect(refused).toBeGreaterThan((answered + refused) / 50);
}

function put({ at, width }: Field, value: bigint): Edit {
  const bytes = new Uint8Array(Math.max(8, width));
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return { at, bytes: bytes.subarray(0, width) };
}

function valueIn(base: Uint8Array, { at, width }: Field): bigint {
  return base.slice(at, at + Math.min(8, width)).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}
