/** Who signs for a build: the key that the definition names, or signatures that were made elsewhere. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Project } from '../config/project.ts';
import { openSigner, type Signer } from '../engine/signer.ts';
import { PKCS11_SCHEME } from '../formats/pkcs11-uri.ts';
import type { CommandContext } from './context.ts';
import type { Prepared } from './prepare.ts';

/** SHA-256 of the certificate as DER, hexadecimal; null when none is named, or what is named is none. */
export async function certificateDigest({ image, folder }: Pick<Project, 'image' | 'folder'>): Promise<string | null> {
  if (image.signing === null) return null;
  try {
    const { raw } = new X509Certificate(await readFile(path.resolve(folder, image.signing.certificate)));
    return createHash('sha256').update(raw).digest('hex');
  } catch {
    return null;
  }
}

export interface LazySigner {
  /** Opens it at the first call. Throws UsageFault for a key that cannot sign. */
  get(): Promise<Signer>;
  /** For a build whose signatures are all in the store: throws UsageFault for a key that is there, and another one. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** With the key of the definition. */
export function keySigner(
  context: CommandContext,
  { project, tools }: Pick<Prepared, 'project' | 'tools'>,
): LazySigner {
  const { environment, signal } = context;
  const { image, folder } = project;
  let opened: ReturnType<typeof openSigner> | null = null;
  const get: LazySigner['get'] = async () => {
    if (image.signing === null) throw new Error(`${image.name} names no key`);
    opened ??= openSigner(image.signing, { environment, tools, signal, folder, epoch: image.epoch });
    return opened;
  };
  return {
    get,
    // A token may count wrong PINs, and be elsewhere; so may a file be that signed another day.
    check: async () => {
      const key = image.signing?.key ?? '';
      if (!key.startsWith(PKCS11_SCHEME) && existsSync(path.resolve(folder, key))) await get();
    },
    close: async () => {
      await (await opened?.catch(() => null))?.close();
    },
  };
}
