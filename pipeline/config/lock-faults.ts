/** Does a lock fit the manifests of its image as they are today? Rules that only report. */
import { fileFault } from './diagnostic.ts';
import { fault } from './document.ts';
import type { Document } from './document.ts';
import { lockQuestion, type Lock, type LockedManifest } from './lock.ts';
import { listed } from './nearest.ts';
import type { Diagnostic, Manifest } from './types.ts';

/** `document`: what the lock was read from. missingInLock is for what the lock lacks. */
export function lockFaults(document: Document, lock: Lock, manifests: readonly Manifest[]): Diagnostic[] {
  return manifests.flatMap(manifest => {
    const locked = Object.hasOwn(lock.manifests, manifest.name) ? lock.manifests[manifest.name] : undefined;
    return locked === undefined ? [] : manifestFaults(document, manifest, { lock, locked });
  });
}

/** For a manifest whose packages the image needs: only a plan knows which those are. */
export function missingInLock(lock: Lock, manifest: Manifest): Diagnostic[] {
  if (Object.hasOwn(lock.manifests, manifest.name)) return [];
  const message = `has no packages for rootfs-manifests/${manifest.name}.yaml, which the image needs`;
  return [fileFault(lock.file, message, `bring it up to date: caisson lock ${lock.image}`)];
}

/** For what the image no longer needs: a mirror made of the lock would have it, and no build would look at it. */
export function surplusInLock(lock: Lock, manifests: readonly Manifest[]): Diagnostic[] {
  const known = manifests.map(each => each.name);
  return Object.keys(lock.manifests)
    .filter(name => !known.includes(name))
    .map(name =>
      fileFault(
        lock.file,
        `has packages for rootfs-manifests/${name}.yaml, which the image does not need`,
        `bring it up to date: caisson lock ${lock.image}`,
      ),
    );
}

function manifestFaults(
  document: Document,
  manifest: Manifest,
  { lock, locked }: { lock: Lock; locked: LockedManifest },
): Diagnostic[] {
  const file = `rootfs-manifests/${manifest.name}.yaml`;
  const hint = `bring it up to date: caisson lock ${lock.image}`;
  const at = (key: string, message: string): Diagnostic =>
    fault(document, ['manifests', manifest.name, key], message, hint);
  const differs = (['architecture', 'suite'] as const).filter(key => locked[key] !== manifest[key]);
  if (differs.length > 0)
    return differs.map(key => at(key, `is of ${key} "${locked[key]}", and ${file} is of "${manifest[key]}"`));
  const foreign = locked.packages.find(each => !['all', manifest.architecture].includes(each.architecture));
  if (foreign !== undefined)
    return [
      at(
        'packages',
        `${foreign.name} is of architecture "${foreign.architecture}", and ${file} is of "${manifest.architecture}"`,
      ),
    ];
  if (locked.question === lockQuestion(manifest)) return [];
  const added = manifest.packages.filter(each => !locked.asks.includes(each));
  const removed = locked.asks.filter(each => !manifest.packages.includes(each));
  const changes = [
    ...(added.length === 0 ? [] : [`asks for ${listed(added)} too`]),
    ...(removed.length === 0 ? [] : [`no longer asks for ${listed(removed)}`]),
  ];
  const change = changes.length === 0 ? 'has another source or variant' : changes.join(', and ');
  return [at('asks', `is not what ${file} asks today: that ${change}`)];
}
