/** Who signs, and what. */
import type { Environment } from '../environment.ts';

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
  /** Host path of the request, in `work`: of a program a PKCS#7 by `osslsigncode extract-data`, of a bundle its manifest, of a release any file. */
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

export interface Token {
  /** URIs of the token and of the key in it. */
  token: string;
  key: string;
  /** Host paths. */
  module: string;
  pinFile: string | null;
}
