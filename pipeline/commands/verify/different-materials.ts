/** What the project here has otherwise than a release was made of. */
import path from 'node:path';
import type { Material, Provenance } from '../../formats/provenance.ts';
import type { CommandContext } from '../context.ts';
import type { Prepared } from '../build/prepare.ts';
import { releaseMaterials } from '../release/materials.ts';

/** In words, files before packages, in the order of the provenance; empty for none. `lock`: name of the lock file. */
export async function differentMaterials(
  context: CommandContext,
  prepared: Prepared,
  { provenance, lock }: { provenance: Provenance; lock: string },
): Promise<string[]> {
  const quiet = { ...context, emit: () => undefined };
  const here = await releaseMaterials(quiet, prepared, path.join(context.project, 'rootfs-manifests', lock));
  return changedMaterials(provenance.resolvedDependencies, here);
}

/** Pure. */
export function changedMaterials(released: readonly Material[], here: readonly Material[]): string[] {
  const nameOf = ({ name, uri }: Material): string => uri ?? name;
  const digestOf = (all: readonly Material[], name: string): string | null => {
    const found = all.find(each => nameOf(each) === name);
    // Of equal digests the names come in one order: one program writes both.
    return found === undefined ? null : JSON.stringify(found.digest);
  };
  const names = [...new Set([...released, ...here].map(nameOf))];
  return names.flatMap(name => {
    const [was, is] = [digestOf(released, name), digestOf(here, name)];
    if (was === is) return [];
    return [is === null ? `${name}: not here` : was === null ? `${name}: not of the release` : name];
  });
}
