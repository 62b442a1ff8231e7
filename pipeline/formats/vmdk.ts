/**
 * The one thing of a VMDK that we write ourselves: its content id. "VMware Virtual Disk Format 5.0" (VMware technical
 * note), "Hosted Sparse Extent" and "The Descriptor File". Everything is little endian.
 */
import type { Bytes } from './bytes.ts';
import { FormatFault } from './fault.ts';
import { readU64 } from './read-at.ts';

export const VMDK_HEADER_BYTES = 512;
const SIGNATURE = 'KDMV';
const SECTOR = 512;
/** qemu-img makes descriptors of 20 sectors; far more is damage. */
const MOST_SECTORS = 2048;

/** Where the descriptor stands in a sparse VMDK that has it inside. FormatFault for a header that does not say. */
export function vmdkDescriptorPlace(header: Uint8Array): { start: Bytes; length: Bytes } {
  const signature = Buffer.from(header.subarray(0, 4)).toString('latin1');
  if (header.length < VMDK_HEADER_BYTES || signature !== SIGNATURE)
    throw new FormatFault(`not a sparse VMDK: no signature "${SIGNATURE}"`, 'give a .vmdk file with one part');
  const [start, sectors] = [readU64(header, 28), readU64(header, 36)];
  if (start === 0 || sectors === 0 || sectors > MOST_SECTORS)
    throw new FormatFault(`VMDK with ${sectors} sectors of descriptor at sector ${start}`, 'give a file with one part');
  return { start: start * SECTOR, length: sectors * SECTOR };
}

/**
 * The descriptor with another content id, `CID=` and eight hexadecimal digits; as long as before. FormatFault for a
 * descriptor without one, and for an id that is none or means "no parent" (ffffffff).
 */
export function withVmdkContentId(descriptor: Uint8Array, contentId: string): Uint8Array {
  if (!/^[0-9a-f]{8}$/.test(contentId) || contentId === 'ffffffff')
    throw new FormatFault(`"${contentId}" is no content id`, 'give eight hexadecimal digits, not all of them f');
  // latin1: one character a byte, so that nothing else changes.
  const text = Buffer.from(descriptor.buffer, descriptor.byteOffset, descriptor.byteLength).toString('latin1');
  // QEMU, block/vmdk.c, writes a random number without leading zeros.
  const written = /^CID=[0-9a-f]{1,8}$/m;
  const changed = text.replace(written, `CID=${contentId}`);
  // Behind the text zeros fill the sectors.
  const surplus = changed.slice(text.length);
  if (!written.test(text) || /[^\0]/.test(surplus))
    throw new FormatFault('the descriptor of the VMDK has no content id', 'is it from another version of qemu-img?');
  return Buffer.from(changed.slice(0, text.length), 'latin1');
}
