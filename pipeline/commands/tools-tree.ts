/** The tools tree for commands that read an image rather than build one. */
import { fileOf, findDocument } from '../config/places.ts';
import type { Lock } from '../config/lock.ts';
import { loadManifest } from '../config/project.ts';
import type { Manifest } from '../config/types.ts';
import { ensureResolution } from '../engine/packages.ts';
import { ensureTree, firstPrograms } from '../engine/trees.ts';
import type { CommandContext } from './context.ts';
import { loadImage } from './build/prepare.ts';

/**
 * Host path of the tools tree that the definition of `image` names; of the manifest `tools` for a file, for
 * null and for a name without definition. Made when the cache has none: resolves and fetches what that needs.
 */
export async function toolsTree(context: CommandContext, image: string | null): Promise<string> {
  return namedToolsTree(context, await manifestNames(context, image));
}

/** Which trees of programs an image is looked at with. */
export interface ManifestNames {
  tools: string;
  vmTools: string;
  /** What says which packages they have; null without one. */
  lock: Lock | null;
}

/** The manifests that the definition of an image names; the usual ones for a file, which has none. */
export async function manifestNames(context: CommandContext, image: string | null): Promise<ManifestNames> {
  const defined = image !== null && !image.includes('/') && (await findDocument(context, 'image', image)) !== null;
  if (!defined) return { tools: 'tools', vmTools: 'vm-tools', lock: null };
  const loaded = await loadImage(context, { image, sets: [], formats: [], compress: 'none', bundle: false });
  return { ...loaded.image, lock: loaded.lock };
}

/** Host path of the tools tree by the name of its manifest, made by the host's programs when the cache has none. */
export async function namedToolsTree(
  context: CommandContext,
  { tools, lock }: Pick<ManifestNames, 'tools' | 'lock'>,
): Promise<string> {
  const { environment, signal, emit } = context;
  const options = { environment, signal, emit, update: false, offline: false, lock, mirrors: [] };
  const host = firstPrograms(environment);
  const manifest = await namedManifest(context, tools);
  return ensureTree(manifest, await ensureResolution(manifest, host, options), host, options);
}

/** The manifest NAME of the project, else Caisson's own. Throws ConfigFault. */
export async function namedManifest(context: CommandContext, name: string): Promise<Manifest> {
  const file = await findDocument(context, 'manifest', name);
  return loadManifest(file ?? fileOf(context.project, 'manifest', name), context);
}
