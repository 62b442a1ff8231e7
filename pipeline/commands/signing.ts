/** Who signs for a build: the keys that the definition names, or signatures that were made elsewhere. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Project } from '../config/project.ts';
import type { Image, SigningKey } from '../config/types.ts';
import { openBundleSigner, openSigner, type OpenSigner, type Signer } from '../engine/signer.ts';
import { PEM_CERTIFICATE } from '../formats/certificate.ts';
import { PKCS11_SCHEME } from '../formats/pkcs11-uri.ts';
import type { Signed } from '../stages/stage.ts';
import type { CommandContext } from './context.ts';
import type { Prepared } from './prepare.ts';

/** SHA-256 of the certificates as DER, hexadecimal, of each key; null when none is named, or what is named is none. */
export async function certificateDigests(
  project: Pick<Project, 'image' | 'folder'>,
): Promise<Record<Signed, string | null>> {
  return { programs: await digest(project, 'programs'), bundles: await digest(project, 'bundles') };
}

async function digest({ image, folder }: Pick<Project, 'image' | 'folder'>, what: Signed): Promise<string | null> {
  const key = keyOf(image, what);
  if (key === null) return null;
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

function keyOf({ signing, updates }: Image, what: Signed): SigningKey | null {
  return what === 'programs' ? signing : (updates?.signing ?? null);
}

export interface LazySigner {
  /** Opens it at the first call. Throws UsageFault for a key that cannot sign. */
  get(what: Signed): Promise<Signer>;
  /** For a build whose signatures are all in the store: throws UsageFault for a key that is there, and another one. */
  check(what: Signed): Promise<void>;
  close(): Promise<void>;
}

/** With the keys of the definition. */
export function keySigner(
  context: CommandContext,
  { project, tools }: Pick<Prepared, 'tools'> & { project: Pick<Prepared['project'], 'image' | 'folder' | 'keyring'> },
): LazySigner {
  const { environment, signal } = context;
  const { image, folder, keyring } = project;
  const options = { environment, tools, signal, folder, epoch: image.epoch };
  const opened = new Map<Signed, Promise<OpenSigner>>();
  const open = async (what: Signed): Promise<OpenSigner> => {
    const key = keyOf(image, what);
    if (key === null) throw new Error(`${image.name} names no key for ${what}`);
    if (what === 'programs') return openSigner(key, options);
    if (keyring === null) throw new Error('a missing keyring was not refused');
    return openBundleSigner(key, { ...options, keyring });
  };
  const get: LazySigner['get'] = async what => {
    const signer = opened.get(what) ?? open(what);
    opened.set(what, signer);
    return signer;
  };
  return {
    get,
    // A token may count wrong PINs, and be elsewhere; so may a file be that signed another day.
    check: async what => {
      const key = keyOf(image, what)?.key ?? '';
      if (!key.startsWith(PKCS11_SCHEME) && existsSync(path.resolve(folder, key))) await get(what);
    },
    close: async () => {
      for (const signer of opened.values()) await (await signer.catch(() => null))?.close();
    },
  };
}
