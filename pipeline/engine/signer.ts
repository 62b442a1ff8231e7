/** Makes signed requests; the one place that touches a private key. */
import path from 'node:path';
import { FormatFault } from '../formats/fault.ts';
import { parsePkcs11Uri, PKCS11_SCHEME, type Pkcs11Key } from '../formats/pkcs11-uri.ts';
import type { Environment } from './environment.ts';
import { SigningFault } from './fault.ts';
import { readCertificate } from './signer/certificate.ts';
import { openPemKey } from './signer/pem-key.ts';
import { openToken } from './signer/token.ts';

/** `signing` of an image definition; relative paths count from the folder of the project. */
export interface SigningKey {
  /** A PEM file, or the URI of a key in a token: `pkcs11:…`. */
  key: string;
  /** A PEM file. */
  certificate: string;
  /** PKCS#11 module of the token; empty for a key that is a file. */
  module: string;
  /** File with the PIN of the token; empty when the URI has a pin-source, or the token wants none. */
  pinFile: string;
}

export interface SignerOptions {
  environment: Environment;
  /** Host path of the tools tree. */
  tools: string;
  /** Host path of the folder of the project. */
  folder: string;
  /** Signing time that the certificate must be valid at, in seconds. */
  epoch: number;
  signal: AbortSignal;
}

export interface SignFiles {
  /** Host path of a private scratch folder. */
  work: string;
  /** Host path of the request, in `work`: a PKCS#7 by `osslsigncode extract-data`. */
  request: string;
  /** Host path of the file to make, in `work`. */
  signed: string;
  /** Signing time in seconds. */
  epoch: number;
}

export interface Signer {
  /** PEM text of the certificate. */
  readonly certificate: string;
  /** The same request, key and epoch give the same bytes. Throws ProcessFailure. */
  sign(files: SignFiles): Promise<void>;
}

export interface OpenSigner extends Signer {
  /** Ends what serves the token. */
  close(): Promise<void>;
}

/**
 * A signer that is known to work: key and certificate were read, judged and tried on each other. Throws SigningFault
 * that names the file or token, what was found, and the way out.
 */
export async function openSigner(signing: SigningKey, options: SignerOptions): Promise<OpenSigner> {
  const at = (file: string): string => path.resolve(options.folder, file);
  const certificate = await readCertificate(at(signing.certificate), options.epoch);
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
