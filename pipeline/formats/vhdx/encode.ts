/** Everything of a new VHDX but its payload blocks. */
import type { Bat } from './bat.ts';
import { encodeHead } from './head.ts';
import { encodeMetadata } from './metadata.ts';
import { encodeRegionTables } from './regions.ts';
import { BAT_START, type Part, type VhdxIdentity, type VhdxShape } from './shape.ts';

/** The parts of [0, bat.payloadStart) that aren't zeros, in any order. Throws FormatFault. */
export function encodeVhdx(shape: VhdxShape, identity: VhdxIdentity, { bat }: { bat: Bat }): Part[] {
  return [
    ...encodeHead(identity),
    ...encodeRegionTables(bat.length),
    encodeMetadata(shape, identity.diskId),
    { start: BAT_START, bytes: bat.bytes },
  ];
}
