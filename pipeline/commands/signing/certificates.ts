/** The certificates that a definition names, as far as the plan must know them. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Project } from '../../config/project.ts';
import { noteRead } from '../../config/reads.ts';
import type { Image, SigningKey } from '../../config/types.ts';
import { PEM_CERTIFICATE } from '../../formats/certificate.ts';
import type { Signed } from '../../stages/stage.ts';

/** SHA-256 of the certificates as DER, hexadecimal, of each key; null when none is named, or what is named is none. */
export async function certificateDigests(
  project: Pick<Project, 'image' | 'folder'>,
): Promise<Record<Signed, string | null>> {
  return { programs: await digest(project, 'programs'), bundles: await digest(project, 'bundles') };
}

async function digest({ image, folder }: Pick<Project, 'image' | 'folder'>, what: Signed): Promise<string | null> {
  const key = keyOf(image, what);
  if (key === null) return null;
  noteRead(path.resolve(folder, key.certificate));
  try {
    const blocks = (await readFile(path.resolve(folder, key.certificate), 'utf8')).match(PEM_CERTIFICATE) ?? [];
    if (blocks.length === 0) return null;
    // With those between it and the keyring, which stand in a bundle too.
    return blocks
      .reduce((hash, block) => hash.update(new X509Certificate(block).raw), createHash('sha256'))
      .digest('hex');
  } catch {
    return null;
  }
}

/** Null where the definition names none. */
export function keyOf({ signing, updates }: Image, what: Signed): SigningKey | null {
  return what === 'programs' ? signing : (updates?.signing ?? null);
}
