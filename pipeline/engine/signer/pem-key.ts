/** A private key in a PEM file. It is bound into the sandbox for one call, and never copied. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SigningFault } from '../fault.ts';
import type { OpenSigner } from './types.ts';
import { mustBeRsa, type Certificate } from './certificate.ts';
import { readKeyFile } from './key-file.ts';
import type { KeyOptions } from './key.ts';

const INSIDE = '/mnt/keys/key.pem';

export async function openPemKey(file: string, certificate: Certificate, options: KeyOptions): Promise<OpenSigner> {
  const key = parse(await readKeyFile(file, 'key'), file);
  mustBeRsa(key, `the key ${file}`);
  if (!certificate.x509.checkPrivateKey(key))
    throw new SigningFault(
      `the key ${file} and the certificate ${certificate.file} do not belong together`,
      'name the certificate that was made of this key',
    );
  const binds = [{ host: file, inside: INSIDE, writable: false }];
  const sign = options.signature(certificate, { ...options, key: { file: INSIDE }, env: {}, binds });
  return { certificate: certificate.pem, sign, close: async () => undefined };
}

/** What Node says of a bad key is left out: it depends on the version of OpenSSL, and may quote the file. */
function parse(text: string, file: string): KeyObject {
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text))
    throw new SigningFault(
      `the key ${file} is encrypted, and nobody could type its passphrase`,
      `decrypt it onto a disk in memory: \`openssl pkey -in ${file} -out /dev/shm/FILE.key\`; or put it into a token`,
    );
  if (!/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/m.test(text))
    throw new SigningFault(`the key ${file} is no private key in PEM`, 'name a PEM file with BEGIN PRIVATE KEY in it');
  try {
    return createPrivateKey(text);
  } catch {
    throw new SigningFault(`the key ${file} is damaged`, `\`openssl pkey -in ${file} -check -noout\` tells more`);
  }
}
