/** Mount flags as declared against those of the kernel. */
import type { ProvenFact } from '../formats/proof.ts';
import { fact } from './claim.ts';
import type { Mount } from './storage.ts';

/** Those that the kernel tells about a mount; others (`errors=…`) belong to the file system. */
const OF_MOUNTS = ['nosuid', 'nodev', 'noexec', 'ro', 'noatime', 'nodiratime', 'relatime', 'nosymfollow'];

export function flagFacts(mount: Mount, flags: readonly string[]): ProvenFact[] {
  return flags.map(flag => {
    const there = (OF_MOUNTS.includes(flag) ? mount.options : mount.superOptions).includes(flag);
    return fact(there, `${mount.point}: ${flag}${there ? '' : ` is MISSING (it has ${mount.options.join(',')})`}`);
  });
}
