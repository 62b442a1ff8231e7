/** What is different between two lock files: packages added, removed and changed. Pure. */
import { compareText } from '../../config/diagnostic.ts';
import type { Lock, LockedPackage } from '../../config/lock.ts';

export interface LockChange {
  manifest: string;
  name: string;
  /** Version; null for a package that is new. */
  from: string | null;
  /** Null for one that is gone. Equal to `from` when the version is the same and the file another. */
  to: string | null;
}

/** By manifest and name. */
export function lockChanges(before: Lock | null, after: Lock): LockChange[] {
  const manifests = new Set([...Object.keys(before?.manifests ?? {}), ...Object.keys(after.manifests)]);
  return [...manifests].sort(compareText).flatMap(manifest => {
    const old = byName(before?.manifests[manifest]?.packages ?? []);
    const now = byName(after.manifests[manifest]?.packages ?? []);
    const names = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
    return names
      .filter(name => old.get(name)?.sha256 !== now.get(name)?.sha256)
      .map(name => ({ manifest, name, from: old.get(name)?.version ?? null, to: now.get(name)?.version ?? null }));
  });
}

function byName(packages: readonly LockedPackage[]): Map<string, LockedPackage> {
  return new Map(packages.map(each => [each.name, each]));
}
