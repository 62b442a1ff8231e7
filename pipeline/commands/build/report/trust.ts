/** Who answers for an image: its hash tree, and the keys that sign. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Project } from '../../../config/project.ts';
import type { SigningKey } from '../../../config/types.ts';
import type { ReportSigner, ReportVerity } from '../../../formats/build-report.ts';
import { PEM_CERTIFICATE } from '../../../formats/certificate.ts';
import { PKCS11_SCHEME } from '../../../formats/pkcs11-uri.ts';
import type { Facts } from '../../../stages/stage.ts';

/** Of the facts of the step that makes the hash tree; null without one. */
export function reportVerity(facts: Facts): ReportVerity | null {
  const { rootHash, salt, dataBlocks, hashOffset, fecOffset, fecRoots } = facts;
  if (typeof rootHash !== 'string') return null;
  return {
    rootHash,
    salt: typeof salt === 'string' ? salt : '',
    algorithm: 'sha256',
    blockSize: Number(hashOffset) / Number(dataBlocks),
    dataBlocks: Number(dataBlocks),
    hashOffset: Number(hashOffset),
    fecOffset: Number(fecOffset),
    fecRoots: Number(fecRoots),
  };
}

/** The keys that the definition names; `programs` and `bundles` were signed now or before. */
export async function reportSigners(
  { image, folder }: Pick<Project, 'image' | 'folder'>,
  { programs, bundles }: { programs: string[]; bundles: string[] },
): Promise<ReportSigner[]> {
  const named: [ReportSigner['what'], SigningKey | null, string[]][] = [
    ['boot programs', image.signing, programs],
    ['update bundles', image.updates?.signing ?? null, bundles],
    ['releases', image.release, []],
  ];
  const signers = named.map(async ([what, key, signed]): Promise<ReportSigner[]> => {
    if (key === null) return [];
    const { certificate } = key;
    const details = await detailsOf(path.resolve(folder, certificate));
    return [{ what, key: key.key.startsWith(PKCS11_SCHEME) ? 'token' : 'file', certificate, details, signed }];
  });
  return (await Promise.all(signers)).flat();
}

/** Null for what is not there, or no certificate: who signs with it says so. */
async function detailsOf(file: string): Promise<ReportSigner['details']> {
  try {
    const [pem = ''] = (await readFile(file, 'utf8')).match(PEM_CERTIFICATE) ?? [];
    const { subject, issuer, fingerprint256, validTo } = new X509Certificate(pem);
    const sha256 = fingerprint256.replaceAll(':', '').toLowerCase();
    return { subject: oneLine(subject), issuer: oneLine(issuer), sha256, until: day(validTo) };
  } catch {
    return null;
  }
}

/** OpenSSL writes one attribute a line. */
function oneLine(name: string): string {
  return name.split('\n').join(', ');
}

function day(text: string): string {
  return new Date(text).toISOString().slice(0, 10);
}
