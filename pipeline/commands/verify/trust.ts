/** By which key a release is believed: never by one that comes with it. */
import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { exists, findDocument } from '../../config/places.ts';
import { codeOf } from '../../engine/files.ts';
import { PEM_CERTIFICATE } from '../../formats/certificate.ts';
import type { Verification } from '../../formats/verification.ts';
import { UsageFault, type CommandContext } from '../context.ts';
import { loadImage } from '../build/prepare.ts';

export type Trust = Verification['trust'] & { key: KeyObject };

/** `named`: of --trust; null for the certificate that the project's definition of `image` names. Throws UsageFault. */
export async function trustOf(context: CommandContext, image: string, named: string | null): Promise<Trust> {
  const file = named ?? (await definedCertificate(context, image));
  const key = await publicKey(file);
  const der = key.export({ type: 'spki', format: 'der' });
  const keyid = createHash('sha256').update(der).digest('hex');
  return { key, keyid, file, from: named === null ? 'definition' : 'option' };
}

async function definedCertificate(context: CommandContext, image: string): Promise<string> {
  const hint = 'name the certificate or public key of whoever signs the releases: --trust FILE';
  if ((await findDocument(context, 'image', image)) === null)
    throw new UsageFault(`nothing says whose releases of ${image} are to be trusted`, hint);
  const wanted = { image, sets: [], formats: [], compress: 'none', bundle: false } as const;
  const { image: loaded, folder } = await loadImage(context, wanted);
  if (loaded.release === null) throw new UsageFault(`the definition of ${image} names no key of releases`, hint);
  const file = path.resolve(folder, loaded.release.certificate);
  if (!(await exists(file)))
    throw new UsageFault(`${loaded.release.certificate}, by which ${image} signs releases, is not there`, hint);
  return file;
}

async function publicKey(file: string): Promise<KeyObject> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageFault(
      `${file} ${codeOf(error) === 'ENOENT' ? 'is not there' : `cannot be read (${codeOf(error)})`}`,
      'name a PEM file with a certificate or a public key',
    );
  });
  if (/PRIVATE KEY-----/.test(text))
    throw new UsageFault(`${file} holds a private key`, 'name its certificate: nobody needs the key to verify');
  const key = parsed(text);
  if (key?.asymmetricKeyType === 'rsa') return key;
  throw new UsageFault(
    key === null
      ? `${file} has neither a certificate nor a public key in PEM`
      : `${file} has a key of the kind ${key.asymmetricKeyType ?? 'unknown'}; releases are signed by RSA`,
    '`openssl x509 -in FILE -noout -text`, or `openssl pkey -pubin -in FILE -noout -text`, tells more',
  );
}

function parsed(text: string): KeyObject | null {
  try {
    const [certificate] = text.match(PEM_CERTIFICATE) ?? [];
    return certificate === undefined ? createPublicKey(text) : new X509Certificate(certificate).publicKey;
  } catch {
    return null;
  }
}
