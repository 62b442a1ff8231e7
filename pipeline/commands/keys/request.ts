/** Arguments of openssl-req(1) for a key and its certificate: everything said, nothing taken from a configuration. */

/** Fixed, so that no clock matters: an image whose epoch lies in between can be signed. The last has two digits in X.509. */
export const VALIDITY = { from: '2020-01-01T00:00:00Z', to: '2049-12-31T23:59:59Z' } as const;

export interface CertificateRequest {
  /** As subjectOf() makes it. */
  subject: string;
  /** Length of the RSA key. */
  bits: number;
  /** As `-addext` takes them. */
  extensions: readonly string[];
  /** FILE of FILE.crt and FILE.key that issue it; null: it is its own. */
  issuer: string | null;
}

/** Makes `file`.key and `file`.crt, paths as the program sees them. */
export function requestArgs(file: string, { subject, bits, extensions, issuer }: CertificateRequest): string[] {
  const time = (text: string): string => text.replaceAll(/[-:T]/g, '');
  const all = [...extensions, 'subjectKeyIdentifier=hash'];
  // Without the distribution's configuration and what it adds.
  const request = ['req', '-config', '/dev/null', '-new', '-x509', '-newkey', `rsa:${bits}`, '-noenc'];
  const valid = ['-not_before', time(VALIDITY.from), '-not_after', time(VALIDITY.to)];
  const by = issuer === null ? [] : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`];
  const files = ['-keyout', `${file}.key`, '-out', `${file}.crt`];
  const added = all.flatMap(each => ['-addext', each]);
  return [...request, '-sha256', '-utf8', '-subj', subject, ...valid, ...by, ...files, ...added];
}

/** The subject of a key of `name`, with its signs escaped as -subj wants. */
export function subjectOf(name: string, key: string): string {
  const escaped = name.replaceAll(/[\\/+=]/g, String.raw`\$&`);
  return `/O=${escaped}/CN=${escaped} ${key}`;
}
