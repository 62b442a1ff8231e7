/** Who signs for a build: the keys that the definition names, or signatures that were made elsewhere. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { openBundleSigner, openSigner } from '../../engine/signer.ts';
import type { OpenSigner, Signer } from '../../engine/signer/types.ts';
import { PKCS11_SCHEME } from '../../formats/pkcs11-uri.ts';
import type { Signed } from '../../stages/stage.ts';
import type { CommandContext } from '../context.ts';
import { keyOf } from './certificates.ts';
import type { Prepared } from '../build/prepare.ts';

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
