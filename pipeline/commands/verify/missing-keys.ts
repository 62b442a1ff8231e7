import path from 'node:path';
import { exists } from '../../config/places.ts';
import type { SigningKey } from '../../config/types.ts';
import { PKCS11_SCHEME } from '../../formats/pkcs11-uri.ts';
import type { Signed } from '../../stages/stage.ts';
import type { Prepared } from '../build/prepare.ts';

/** What the plan signs by keys that are not here. A token is taken to be here where its module is. */
export async function missingKeys({ project, plan }: Pick<Prepared, 'project' | 'plan'>): Promise<Signed[]> {
  const { image, folder } = project;
  const keys: Record<Signed, SigningKey | null> = {
    programs: image.signing,
    bundles: image.updates?.signing ?? null,
  };
  const missing: Signed[] = [];
  for (const what of ['programs', 'bundles'] as const) {
    if (!plan.steps.some(each => each.stage.signs === what)) continue;
    const key = keys[what];
    const files = key === null ? [] : [key.certificate, key.key.startsWith(PKCS11_SCHEME) ? key.module : key.key];
    const found = await Promise.all(files.map(async file => exists(path.resolve(folder, file))));
    if (key === null || found.includes(false)) missing.push(what);
  }
  return missing;
}
