/** Asking apt for some newer packages while all others stay what a lock file says. */
import { stat } from 'node:fs/promises';
import { unmetPackages } from '../debian/apt.ts';
import type { ResolvedPackage } from '../debian/stanza.ts';
import type { Lock } from '../config/lock.ts';
import type { Manifest } from '../config/types.ts';
import { readControls } from './controls.ts';
import { cacheFolders } from './environment.ts';
import { lockedResolution } from './locked.ts';
import type { PackageOptions } from './packages.ts';
import { debFile } from './pool.ts';
import { askApt, type AptOptions, type Resolution } from './resolve.ts';
import { ProcessFailure } from './run.ts';

/**
 * The packages that a lock has for a manifest, with what apt must know to hold them at a version that the mirrors no
 * longer have. What neither this machine's pool nor its records know can only be held as long as a mirror has it.
 */
export async function heldPackages(
  manifest: Manifest,
  lock: Lock,
  options: PackageOptions,
): Promise<ResolvedPackage[]> {
  const { environment, signal } = options;
  const { pool } = cacheFolders(environment.cache);
  const packages = (await lockedResolution(lock, manifest, environment))?.packages ?? [];
  const unknown: ResolvedPackage[] = [];
  for (const each of packages)
    if (each.stanza === '' && (await stat(debFile(pool, each)).catch(() => null)) !== null) unknown.push(each);
  const controls = await readControls(unknown, pool, { environment, signal, tree: '/' });
  return packages.map(each => ({ ...each, stanza: controls[each.sha256] ?? each.stanza }));
}

/** As askApt. A held package that keeps another from being installed is let go: it is what that one needs. */
export async function askHolding(
  manifest: Manifest,
  options: AptOptions & { held: readonly ResolvedPackage[] },
): Promise<Resolution> {
  let { held } = options;
  for (;;) {
    try {
      return await askApt(manifest, { ...options, held });
    } catch (error) {
      const unmet = error instanceof ProcessFailure ? unmetPackages(error.output) : [];
      const still = held.filter(each => !unmet.includes(each.name));
      if (still.length === held.length) throw error;
      held = still;
    }
  }
}
