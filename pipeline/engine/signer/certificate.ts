/** The certificate of a signer: read, and refused when those would who are to trust what it signs. */
import { X509Certificate, type KeyObject } from 'node:crypto';
import { PEM_CERTIFICATE } from '../../formats/certificate.ts';
import { maySign } from '../../formats/key-usage.ts';
import { SigningFault } from '../fault.ts';
import { readKeyFile } from './key-file.ts';

export interface Certificate {
  /** Host path, for messages. */
  file: string;
  /** Of this certificate alone, without what else the file says. */
  pem: string;
  /** Those between it and what is trusted; empty for none. */
  chain: string;
  x509: X509Certificate;
}

/** UEFI knows no shorter ones (2.10, 32.4.1: EFI_CERT_RSA2048), and openssl(1) trusts none by default. */
const LEAST_BITS = 2048;
/** id-kp of RFC 5280, and id-kp-codeSigning of these. */
const GENERAL_PURPOSES = '1.3.6.1.5.5.7.3.';
const CODE_SIGNING = `${GENERAL_PURPOSES}3`;

/** Of a key that signs programs. `epoch` in seconds: when it must be valid. Throws SigningFault. */
export async function readCertificate(file: string, epoch: number): Promise<Certificate> {
  const certificates = await readAll(file, epoch);
  if (certificates.chain !== '')
    throw new SigningFault(
      `${file} holds ${certificates.count} certificates`,
      'leave that of the key alone: firmware looks for it, or for the one that issued it, in db',
    );
  mustBeForSigning(certificates.x509, file);
  return certificates;
}

/** Of a key that signs bundles: its own first, then those that lead to one of the keyring. Throws SigningFault. */
export async function readBundleCertificate(file: string, epoch: number): Promise<Certificate> {
  const certificate = await readAll(file, epoch);
  const purposes = (certificate.x509.keyUsage as string[] | undefined) ?? [];
  if (!purposes.includes(CODE_SIGNING))
    throw new SigningFault(
      `the certificate ${file} is not for signing code: its extended key usage is ${purposes.join(', ') || 'absent'}`,
      `machines take bundles by certificates with codeSigning (${CODE_SIGNING}) only; issue one with it`,
    );
  return certificate;
}

/** Of a key that signs releases: programs that check these look at the key alone. Throws SigningFault. */
export async function readReleaseCertificate(file: string, epoch: number): Promise<Certificate> {
  const certificate = await readAll(file, epoch);
  mustHaveDigitalSignature(certificate.x509, file);
  return certificate;
}

async function readAll(file: string, epoch: number): Promise<Certificate & { count: number }> {
  const blocks = (await readKeyFile(file, 'certificate')).match(PEM_CERTIFICATE) ?? [];
  const [x509, ...others] = blocks.map(each => parse(each, file));
  if (x509 === undefined)
    throw new SigningFault(
      `the certificate ${file} is not PEM`,
      `name a PEM file; from DER: \`openssl x509 -inform DER -in ${file} -out FILE.crt\``,
    );
  mustBeRsa(x509.publicKey, `the certificate ${file}`);
  mustBeValid(x509, { file, epoch });
  return { file, pem: x509.toString(), chain: others.map(String).join(''), x509, count: blocks.length };
}

function parse(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new SigningFault(`the certificate ${file} is damaged`, `\`openssl x509 -in ${file} -text\` tells more`);
  }
}

/** Throws SigningFault with what `what` has instead; its signatures are RSA PKCS#1 v1.5, and so always the same. */
export function mustBeRsa(key: KeyObject, what: string): void {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType === 'rsa' && bits >= LEAST_BITS) return;
  const found = key.asymmetricKeyType === 'rsa' ? `RSA with ${bits} bits` : `of type ${key.asymmetricKeyType}`;
  throw new SigningFault(
    `${what} is ${found}; signatures here need RSA with ${LEAST_BITS} bits or more`,
    'use another key; `caisson keys new DIR` makes some to try with',
  );
}

/** Decision 0016: the image's time counts, not the clock's. */
function mustBeValid({ validFrom, validTo }: X509Certificate, { file, epoch }: { file: string; epoch: number }): void {
  const [from, to, at] = [Date.parse(validFrom), Date.parse(validTo), epoch * 1000];
  if (from <= at && at <= to) return;
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('.000Z', 'Z');
  throw new SigningFault(
    `the certificate ${file} is ${at < from ? 'not yet valid' : 'expired'} at ${time(at)}, the image's epoch: it is valid from ${time(from)} to ${time(to)}`,
    'use another certificate of the key, or set `epoch` of the image to a time in between',
  );
}

/**
 * What sbverify and osslsigncode take, and with them the build; shim does with ENABLE_CODESIGN_EKU. EDK2 looks at none
 * of it. Purposes of makers, such as that of kernel modules, may stand beside.
 */
function mustBeForSigning(x509: X509Certificate, file: string): void {
  // Node's `keyUsage` is the extended one; undefined without the extension.
  const purposes = x509.keyUsage as string[] | undefined;
  const general = purposes?.filter(each => each.startsWith(GENERAL_PURPOSES));
  if (general !== undefined && general.join() !== CODE_SIGNING)
    throw new SigningFault(
      `the certificate ${file} is not for signing programs: its extended key usage is ${purposes?.join(', ')}`,
      `of the general purposes it must hold codeSigning (${CODE_SIGNING}) alone; or leave the extension out`,
    );
  mustHaveDigitalSignature(x509, file);
}

function mustHaveDigitalSignature(x509: X509Certificate, file: string): void {
  if (!maySign(x509.raw))
    throw new SigningFault(
      `the certificate ${file} is not for signatures: its key usage lacks digitalSignature`,
      'issue one with it, or without key usage',
    );
}
