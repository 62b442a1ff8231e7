import { FormatFault } from '../../formats/fault.ts';
import type { Bytes } from '../../formats/bytes.ts';
import type { Volume } from './volume.ts';

/** A path that leads nowhere in a partition, or to something else than was wanted: its user's mistake, not the image's. */
export class PathFault extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'PathFault';
    this.hint = hint;
  }
}

/** `reader`: who could not read the partition, a program or we. */
export function damagedVolume(
  { name, filesystem }: Pick<Volume, 'name' | 'filesystem'>,
  reader: string,
  why: string,
): FormatFault {
  return new FormatFault(
    `${name}: ${reader} cannot read its ${filesystem}: ${why}`,
    'it is damaged, or uses a feature that is not known here; build the image again, or copy it again',
  );
}

/** A file of which more or fewer bytes came out than its inode says. */
export function tornFile(
  volume: Pick<Volume, 'name' | 'filesystem'>,
  { path, bytes, got }: { path: string; bytes: Bytes; got: Bytes },
): FormatFault {
  return damagedVolume(
    volume,
    'Caisson',
    got < bytes
      ? `only ${got} of the ${bytes} bytes of ${path} came out`
      : `${got} bytes of ${path} came out, which has ${bytes}`,
  );
}
