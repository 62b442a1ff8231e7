/** X.509 certificates, as far as people are told of them. */
import { X509Certificate } from 'node:crypto';

/** Each certificate of a PEM file, whatever else stands in it. */
export const PEM_CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Common name of the subject of a DER certificate; all of the subject when it has none, empty for no certificate. */
export function certificateName(der: Uint8Array): string {
  try {
    const { subject } = new X509Certificate(der);
    const parts = subject.split('\n');
    return parts.find(each => each.startsWith('CN='))?.slice(3) ?? parts.join(', ');
  } catch {
    return '';
  }
}
