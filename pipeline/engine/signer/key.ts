/** A private key as programs of the tools tree are told of it, and what is to be made with it. */
import type { Bind } from '../sandbox.ts';
import type { Signer, SignerOptions } from './types.ts';
import type { Certificate } from './certificate.ts';

/** Paths are those inside the sandbox. `uri`: of a key in a token (RFC 7512). */
export type Key = { file: string } | { uri: string; pinFile: string | null };

export interface SignatureOptions extends SignerOptions {
  key: Key;
  env: Readonly<Record<string, string>>;
  binds: readonly Bind[];
}

export interface KeyOptions extends SignerOptions {
  /** Which kind of signature the key is for. */
  signature: (certificate: Certificate, options: SignatureOptions) => Signer['sign'];
}

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
/** The module that hands everything to the server on the host. */
export const CLIENT = `${LIBRARIES}/pkcs11/p11-kit-client.so`;
export const ENGINE = `${LIBRARIES}/engines-3/pkcs11.so`;

/** Tells OpenSSL's engine `pkcs11` its module. */
export const ENGINE_ENVIRONMENT = { PKCS11_MODULE_PATH: CLIENT } as const;
