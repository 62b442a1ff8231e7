/** The seed: the files from which the guest takes its name and who may log in (overlays/guest/usr/lib/caisson/identity). */
import type { PublicKey } from '../../formats/ssh-key.ts';
import { directory, textFile, type Tree } from '../../tree/tree.ts';
import { keyLines } from './keys.ts';

export interface Seed {
  /** Null to leave the name that the image has. */
  hostname: string | null;
  userKeys: readonly PublicKey[];
  authorities: readonly PublicKey[];
}

/** Where the Data partition has it. */
const DATA_FOLDER = '/.caisson/seed';

/** Files by name; what there is nothing to say in is left out. */
function seedFiles({ hostname, userKeys, authorities }: Seed): Record<string, string> {
  return {
    ...(hostname === null ? {} : { hostname: `${hostname}\n` }),
    ...(userKeys.length === 0 ? {} : { authorized_keys: keyLines(userKeys) }),
    ...(authorities.length === 0 ? {} : { trusted_user_ca_keys: keyLines(authorities) }),
  };
}

/** What a new Data partition holds: the seed, which root alone may read. */
export function dataTree(seed: Seed): Tree {
  return new Map([
    ['/.caisson', directory(0o700)],
    [DATA_FOLDER, directory(0o700)],
    ...Object.entries(seedFiles(seed)).map(
      ([name, text]) => [`${DATA_FOLDER}/${name}`, textFile(text, 0o600)] as const,
    ),
  ]);
}

/** The files of a seed disk, at its root. */
export function seedDiskTree(seed: Seed): Tree {
  return new Map(Object.entries(seedFiles(seed)).map(([name, text]) => [`/${name}`, textFile(text, 0o600)]));
}
