/** A VHDX in memory, for tests that look at its bytes or damage them. */
import { crc32c } from '../../../pipeline/formats/crc32c.ts';
import { createBat, placeBlock } from '../../../pipeline/formats/vhdx/bat.ts';
import { decodeVhdx, type Vhdx } from '../../../pipeline/formats/vhdx/decode.ts';
import { encodeVhdx } from '../../../pipeline/formats/vhdx/encode.ts';
import type { VhdxIdentity, VhdxShape } from '../../../pipeline/formats/vhdx/shape.ts';

export const MIB = 2 ** 20;

export const IDENTITY: VhdxIdentity = {
  fileWriteGuid: '11111111-aaaa-4bbb-8ccc-0123456789ab',
  dataWriteGuid: '22222222-aaaa-4bbb-8ccc-0123456789ab',
  diskId: '33333333-aaaa-4bbb-8ccc-0123456789ab',
  creator: 'kelp 7',
};

export const SHAPE: VhdxShape = {
  size: 5 * MIB + 4096,
  blockSize: MIB,
  logicalSectorSize: 512,
  physicalSectorSize: 4096,
  fixed: false,
};

/** Blocks 1 and 4 present, in this order, behind a head of 4 MiB. */
export function memoryFile(shape: VhdxShape = SHAPE): Uint8Array {
  const bat = createBat(shape);
  if (!shape.fixed)
    [1, 4].forEach((block, i) => placeBlock(bat, { block, offset: bat.payloadStart + i * shape.blockSize }));
  const blocks = shape.fixed ? bat.geometry.blockCount : 2;
  const file = new Uint8Array(bat.payloadStart + blocks * shape.blockSize);
  for (const { start, bytes } of encodeVhdx(shape, IDENTITY, { bat })) file.set(bytes, start);
  return file;
}

export async function decodeMemory(file: Uint8Array): Promise<Vhdx> {
  const source = Buffer.from(file.buffer, file.byteOffset, file.length);
  return decodeVhdx(async (offset, length) => source.subarray(offset, offset + length), file.length);
}

/** Makes the CRC of a header or region table right again, after a change. */
export function resign(file: Uint8Array, { start, length }: { start: number; length: number }): void {
  const view = new DataView(file.buffer);
  view.setUint32(start + 4, 0, true);
  view.setUint32(start + 4, crc32c(file.subarray(start, start + length)), true);
}
