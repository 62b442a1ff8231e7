/** The packages of a lock file. */
import { ConfigFault } from '../../config/diagnostic.ts';
import { loadLock } from '../../config/lock.ts';
import type { Snapshot } from '../../formats/difference.ts';

/** Throws ConfigFault, with the place, for a file that is no lock. */
export async function readLockSnapshot({ name, file }: { name: string; file: string }): Promise<Snapshot> {
  const { value, faults } = await loadLock(file);
  if (value === null) throw new ConfigFault(faults);
  const packages = Object.entries(value.manifests).map(([manifest, each]) => [manifest, each.packages] as const);
  return { name, packages: Object.fromEntries(packages), image: null };
}
