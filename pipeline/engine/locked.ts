/** What a lock file says, as a resolution: the same as apt's answer would be, without asking it. */
import type { Lock, LockedPackage } from '../config/lock.ts';
import { lockQuestion } from '../config/lock.ts';
import { displayPath } from '../config/diagnostic.ts';
import type { Manifest } from '../config/types.ts';
import type { ResolvedPackage } from '../debian/stanza.ts';
import { keptControl } from './controls.ts';
import type { Environment } from './environment.ts';
import { cacheFolders } from './environment.ts';
import { withoutPassword } from './fetch.ts';
import { listDigest, recordedResolution, type Resolution } from './resolve.ts';
import { decodedUri } from './uri.ts';

/**
 * The packages that a lock has for a manifest; null when it has none. Stanzas are those that this machine happens to
 * know: of apt's last answer, or of packages it has read before.
 */
export async function lockedResolution(
  lock: Lock,
  manifest: Manifest,
  environment: Pick<Environment, 'cache'>,
): Promise<Resolution | null> {
  const locked = Object.hasOwn(lock.manifests, manifest.name) ? lock.manifests[manifest.name] : undefined;
  if (locked === undefined) return null;
  const recorded = await recordedResolution(cacheFolders(environment.cache).resolutions, manifest);
  const stanzas = new Map(recorded?.packages.map(each => [each.sha256, each.stanza]));
  const mirrors = manifest.mirrors.map(each => each.url);
  const packages = await Promise.all(
    locked.packages.map(async each => ({
      ...resolvedFrom(each, mirrors[0] ?? ''),
      stanza: stanzas.get(each.sha256) ?? (await keptControl(environment, each)),
    })),
  );
  return {
    manifest: manifest.name,
    question: lockQuestion(manifest),
    digest: listDigest(packages),
    packages,
    sources: locked.sources,
    locked: { file: displayPath(lock.file), mirrors },
  };
}

/** A package of a lock as it would be at this mirror. */
function resolvedFrom({ path, ...each }: LockedPackage, mirror: string): Omit<ResolvedPackage, 'stanza'> {
  return { ...each, uri: uriBelow(mirror, path) };
}

/** As apt spells it. */
export function uriBelow(mirror: string, path: string): string {
  return `${mirror.replace(/\/+$/, '')}/${encodeURI(path).replaceAll('+', '%2b')}`;
}

/** Where a package is below the first of these mirrors that it is of; its file name where it is of none. */
export function pathBelow(mirrors: readonly string[], uri: string): string {
  const plain = decodedUri(withoutPassword(uri));
  const own = mirrors
    .map(each => `${decodedUri(withoutPassword(each)).replace(/\/+$/, '')}/`)
    .filter(each => plain.startsWith(each));
  const [longest] = own.sort((a, b) => b.length - a.length);
  return longest === undefined
    ? plain.slice(plain.lastIndexOf('/') + 1)
    : plain.slice(longest.length).replace(/^\/+/, '');
}
