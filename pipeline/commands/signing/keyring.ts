/** The certificates whose updates the machines of an image take. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Project } from '../../config/project.ts';
import { noteRead } from '../../config/reads.ts';
import { codeOf } from '../../engine/files.ts';
import { UsageFault } from '../context.ts';

/**
 * PEM text of the certificates alone, whatever else stands in the file; null while the file is not there, and for
 * an image that takes no updates. Throws UsageFault for a file that has none, or a private key: it would be shipped.
 */
export async function keyringOf({ image, folder }: Pick<Project, 'image' | 'folder'>): Promise<string | null> {
  if (image.updates === null) return null;
  const file = image.updates.keyring;
  noteRead(path.resolve(folder, file));
  const text = await readFile(path.resolve(folder, file), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw new UsageFault(`the keyring ${file} cannot be read (${codeOf(error)})`, 'name a PEM file with certificates');
  });
  if (text === null) return null;
  if (/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/m.test(text))
    throw new UsageFault(
      `the keyring ${file} holds a private key, and stands in every image`,
      'name the file with the certificates alone',
    );
  const certificates = text.match(/^-----BEGIN CERTIFICATE-----\r?\n[^-]+-----END CERTIFICATE-----$/gm) ?? [];
  if (certificates.length === 0)
    throw new UsageFault(`the keyring ${file} has no certificate in PEM`, 'name a file with BEGIN CERTIFICATE in it');
  return certificates.map((each, index) => parsed(each, `certificate ${index + 1} of the keyring ${file}`)).join('');
}

/** Throws UsageFault: without it the image could not be updated by anybody. */
export function mustHaveKeyring({ image, keyring }: Pick<Project, 'image'> & { keyring: string | null }): void {
  if (image.updates === null || keyring !== null) return;
  throw new UsageFault(
    `${image.name} takes updates by the certificates in ${image.updates.keyring}, which is not there`,
    `\`caisson keys new ${path.dirname(image.updates.keyring)}\` makes some to try with; or name your own, or take \`updates:\` away`,
  );
}

function parsed(text: string, what: string): string {
  try {
    return new X509Certificate(text).toString();
  } catch {
    throw new UsageFault(`${what} is damaged`, '`openssl x509 -in FILE -noout -text` tells more');
  }
}
