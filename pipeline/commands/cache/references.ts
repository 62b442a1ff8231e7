/** What the project still wants of the store: the keys of its definitions' plans as they stand today. */
import { ConfigFault } from '../../config/diagnostic.ts';
import { namesOf } from '../../config/places.ts';
import type { Listed } from '../../engine/store.ts';
import type { CommandContext } from '../context.ts';
import { loadImage, planRecorded } from '../build/prepare.ts';

export interface References {
  /** Images whose plan has it. */
  images: string[];
  /** Steps (`image/step`) of other entries that were made from it. */
  steps: string[];
}

/**
 * By key; a key without references is not there. Steps that a plan has only through --set or --format are not counted.
 * Definitions with faults are told of, as warnings; `unknown` names them.
 */
export async function referencesOf(
  context: CommandContext,
  listed: readonly Listed[],
): Promise<{ byKey: Map<string, References>; images: string[]; unknown: string[] }> {
  const images = await namesOf(context.project, 'image');
  const unknown: string[] = [];
  const found = new Map<string, References>();
  const of = (key: string): References => {
    const known = found.get(key) ?? { images: [], steps: [] };
    found.set(key, known);
    return known;
  };
  for (const name of images) {
    const keys = await keysOf(context, name);
    if (keys === null) unknown.push(name);
    for (const key of new Set(keys)) of(key).images.push(name);
  }
  for (const { entry } of listed) {
    const inputs = Object.entries(entry.parts).flatMap(([part, value]) => (part.startsWith('input ') ? [value] : []));
    for (const key of new Set(inputs)) of(key).steps.push(`${entry.image}/${entry.step}`);
  }
  return { byKey: found, images, unknown };
}

async function keysOf(context: CommandContext, image: string): Promise<string[] | null> {
  try {
    const { plan } = await planRecorded(
      context,
      await loadImage(context, { image, sets: [], formats: [], compress: 'none', bundle: false }),
    );
    return plan.steps.flatMap(step => step.key ?? []);
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    context.emit({
      type: 'warning',
      message: `pipeline/${image}.yaml has faults: what it wants of the cache is not known`,
      hint: `caisson check ${image}`,
    });
    return null;
  }
}
