/** Bytes of a file -> text, strictly: UTF-8 without byte order mark or control characters, of bounded length. */
import { readFile, stat } from 'node:fs/promises';
import { faultAt, displayPath } from './diagnostic.ts';
import type { Diagnostic } from './types.ts';

/** A document larger than this is no document: it would only fill the memory. */
const MOST_BYTES = 4 * 2 ** 20;

export type Text = { text: string; fault: null } | { text: null; fault: Diagnostic };

/** Reads file; whatever is wrong with it becomes the one fault. */
export async function readText(file: string): Promise<Text> {
  try {
    const found = await stat(file);
    if (found.isFile() && found.size > MOST_BYTES) return tooLong(displayPath(file), found.size);
    // A device may have no end, and a FIFO waits for who writes into it.
    if (!found.isFile() && !found.isDirectory()) return reject(displayPath(file), '', 'is not a regular file');
    return decode(await readFile(file), displayPath(file));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const reasons: Record<string, string> = { ENOENT: 'no such file', EISDIR: 'is a directory, not a file' };
    return reject(displayPath(file), '', reasons[String(error.code)] ?? `cannot be read: ${String(error.code)}`);
  }
}

/** As readText, for bytes that are there already. */
export function decode(bytes: Uint8Array, file: string): Text {
  const start = Buffer.from(bytes.subarray(0, 3)).toString('hex');
  if (start.startsWith('efbbbf'))
    return reject(file, '', 'starts with a byte order mark', 'save it as UTF-8 without BOM');
  if (start.startsWith('fffe') || start.startsWith('feff')) return reject(file, '', 'is UTF-16', 'save it as UTF-8');
  if (bytes.length > MOST_BYTES) return tooLong(file, bytes.length);
  const valid = validLength(bytes);
  const text = new TextDecoder().decode(bytes.subarray(0, valid));
  if (valid < bytes.length) {
    const byte = (bytes[valid] ?? 0).toString(16).padStart(2, '0');
    return reject(file, text, `byte 0x${byte} is not UTF-8`, 'save the file as UTF-8');
  }
  // oxlint-disable-next-line no-control-regex
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return reject(file, text.slice(0, control.index), `control character U+${code}`);
  }
  return { text, fault: null };
}

function tooLong(file: string, bytes: number): Text {
  return reject(file, '', `has ${bytes} bytes`, `allowed: ${MOST_BYTES}`);
}

/** How many bytes from the start are well-formed UTF-8. A cut sequence at the end is not. */
function validLength(bytes: Uint8Array): number {
  if (accepts(bytes, false)) return bytes.length;
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (accepts(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  while (good > 0 && !accepts(bytes.subarray(0, good), false)) good--;
  return good;
}

function accepts(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

/** The fault stands right behind `before`. */
function reject(file: string, before: string, message: string, hint = ''): Text {
  return { text: null, fault: faultAt({ file, ...endOf(before) }, '', { message, hint }) };
}

/** Line and column right behind a text. */
export function endOf(before: string): { line: number; col: number } {
  const lines = before.split('\n');
  return { line: lines.length, col: (lines.at(-1) ?? '').length + 1 };
}
