/** Makes signed requests; the one place that touches a private key. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { SigningKey } from '../config/types.ts';
import { FormatFault } from '../formats/fault.ts';
import { parsePkcs11Uri, PKCS11_SCHEME, type Pkcs11Key } from '../formats/pkcs11-uri.ts';
import { SigningFault } from './fault.ts';
import {
  readBundleCertificate,
  readCertificate,
  readReleaseCertificate,
  type Certificate,
} from './signer/certificate.ts';
import { cmsSigner } from './signer/cms.ts';
import type { KeyOptions } from './signer/key.ts';
import { openPemKey } from './signer/pem-key.ts';
import { rawSigner } from './signer/raw.ts';
import { requestSigner } from './signer/request.ts';
import { openToken } from './signer/token.ts';
import { mustBeTrusted } from './signer/trust.ts';
import type { OpenSigner, SignerOptions } from './signer/types.ts';

/**
 * Signs programs. Known to work: key and certificate were read, judged and tried on each other. Throws SigningFault
 * that names the file or token, what was found, and the way out.
 */
export async function openSigner(signing: SigningKey, options: SignerOptions): Promise<OpenSigner> {
  const certificate = await readCertificate(path.resolve(options.folder, signing.certificate), options.epoch);
  return openKey(signing, certificate, { ...options, signature: requestSigner });
}

/** Signs manifests of bundles; as above, and `keyring` (PEM text) is known to trust it. Throws SigningFault. */
export async function openBundleSigner(
  signing: SigningKey,
  { keyring, ...options }: SignerOptions & { keyring: string },
): Promise<OpenSigner> {
  const certificate = await readBundleCertificate(path.resolve(options.folder, signing.certificate), options.epoch);
  await mustBeTrusted(certificate, { ...options, keyring });
  return openKey(signing, certificate, { ...options, signature: cmsSigner });
}

/** Signs files of a release: what it makes is the signature alone. As the first. Throws SigningFault. */
export async function openReleaseSigner(signing: SigningKey, options: SignerOptions): Promise<OpenSigner> {
  const at = (file: string): string => path.resolve(options.folder, file);
  for (const [what, file] of [
    ['certificate', signing.certificate],
    ['key', signing.key],
  ] as const)
    if (!file.startsWith(PKCS11_SCHEME) && !existsSync(at(file)))
      throw new SigningFault(
        `no ${what} ${at(file)}, and \`release\` of the image names it`,
        'copy release.key and release.crt from a folder that `caisson keys new DIR` makes, or name another key',
      );
  const certificate = await readReleaseCertificate(at(signing.certificate), options.epoch);
  return openKey(signing, certificate, { ...options, signature: rawSigner });
}

async function openKey(signing: SigningKey, certificate: Certificate, options: KeyOptions): Promise<OpenSigner> {
  const at = (file: string): string => path.resolve(options.folder, file);
  if (!signing.key.startsWith(PKCS11_SCHEME)) return openPemKey(at(signing.key), certificate, options);
  const { token, key, pinSource } = parseUri(signing.key);
  if (signing.module === '')
    throw new SigningFault('the key is in a token, but no module is named', 'add `module: /path/to/module.so`');
  if (pinSource !== null && signing.pinFile !== '')
    throw new SigningFault('the PIN is named twice: by pin-source of the URI and by `pinFile`', 'leave out one');
  const pinFile = pinSource ?? (signing.pinFile === '' ? null : at(signing.pinFile));
  return openToken({ token, key, module: at(signing.module), pinFile }, certificate, options);
}

function parseUri(text: string): Pkcs11Key {
  try {
    return parsePkcs11Uri(text);
  } catch (error) {
    throw error instanceof FormatFault ? new SigningFault(error.message, error.hint) : error;
  }
}
