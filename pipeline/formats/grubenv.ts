/** GRUB's environment block: 1024 bytes of `name=value` lines, padded with `#`; see the GRUB manual, "Environment block". */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';

const SIGNATURE = '# GRUB Environment Block\n';
export const GRUBENV_BYTES = 1024;

/** Variables in the order given -> the block. Backslashes and newlines in values are escaped, as GRUB does. */
export function encodeGrubenv(variables: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(variables).map(
    ([name, value]) => `${name}=${value.replaceAll(/[\\\n]/g, String.raw`\$&`)}\n`,
  );
  const text = SIGNATURE + lines.join('');
  const room = GRUBENV_BYTES - Buffer.byteLength(text);
  if (room < 0)
    throw new FormatFault(
      `${Object.keys(variables).length} variables do not fit in an environment block of ${GRUBENV_BYTES} bytes`,
      'shorten the values',
    );
  return Buffer.from(text + '#'.repeat(room));
}

/** The build places the block of a BootEFI partition in front of all other files: within its first bytes. */
export const GRUBENV_WITHIN: Bytes = 256 * 2 ** 10;

/** Where a block begins in the first bytes of a partition, at a multiple of 512; null for none. */
export function findGrubenv(bytes: Uint8Array): Bytes | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = text.indexOf(SIGNATURE); at !== -1; at = text.indexOf(SIGNATURE, at + 1))
    if (at % 512 === 0 && at + GRUBENV_BYTES <= text.length) return at;
  return null;
}

/** The block -> its variables. FormatFault for a wrong length or signature. */
export function decodeGrubenv(block: Uint8Array): Record<string, string> {
  const text = Buffer.from(block).toString('utf8');
  if (block.length !== GRUBENV_BYTES || !text.startsWith(SIGNATURE))
    throw new FormatFault(
      `not a GRUB environment block: ${block.length} bytes that begin with "${text.slice(0, 16)}"`,
      'take the copy on the other BootEFI partition',
    );
  const variables: Record<string, string> = {};
  for (const match of text.slice(SIGNATURE.length).matchAll(/^([A-Za-z_]\w*)=((?:\\[\s\S]|[^\\\n])*)\n/gm)) {
    variables[match[1] ?? ''] = (match[2] ?? '').replaceAll(/\\([\s\S])/g, '$1');
  }
  return variables;
}
