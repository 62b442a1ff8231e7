/** Self-signed certificates of keys that tests make: X.509 in DER (RFC 5280, section 4.1), written out. */
import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';

export interface Pair {
  key: KeyObject;
  /** PKCS#8 in PEM. */
  pem: string;
  publicKey: KeyObject;
}

export function rsa(bits: number): Pair {
  return pair(generateKeyPairSync('rsa', { modulusLength: bits }));
}

export function ec(): Pair {
  return pair(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
}

function pair({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Pair {
  return { key: privateKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey };
}

/** CMS around `content` (RFC 5652, section 5), without attributes, by the key of `pem`, whose certificate it holds. */
export function signedContent({ key }: Pair, { pem, content }: { pem: string; content: Buffer }): Buffer {
  const sha256 = der(0x30, oid('608648016503040201'));
  const issuerAndSerial = der(0x30, NAME(), SERIAL());
  const signature = der(0x04, sign('sha256', content, key));
  const algorithm = der(0x30, oid('2a864886f70d010101'));
  const signer = der(0x30, der(0x02, Buffer.from([1])), issuerAndSerial, sha256, algorithm, signature);
  const data = der(0x30, oid('2a864886f70d010701'), der(0xa0, der(0x04, content)));
  const certificates = der(0xa0, new X509Certificate(pem).raw);
  const signed = der(0x30, der(0x02, Buffer.from([1])), der(0x31, sha256), data, certificates, der(0x31, signer));
  return der(0x30, oid('2a864886f70d010702'), der(0xa0, signed));
}

const NAME = (): Buffer => der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from('pilot')))));
const SERIAL = (): Buffer => der(0x02, Buffer.from([7]));

export interface CertificateOptions {
  /** "20200101000000Z" */
  from: string;
  to: string;
  /** Extensions, as below. */
  extensions: readonly Buffer[];
}

/** PEM text. */
export function certificate({ key, publicKey }: Pair, { from, to, extensions }: CertificateOptions): string {
  const algorithm = der(0x30, oid(key.asymmetricKeyType === 'ec' ? '2a8648ce3d040302' : '2a864886f70d01010b'));
  const time = (text: string): Buffer => der(0x18, Buffer.from(text));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    SERIAL(),
    algorithm,
    NAME(),
    der(0x30, time(from), time(to)),
    NAME(),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions))]),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, key));
  const text = der(0x30, body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
}

/** keyUsage with these bits in its first byte: 0x80 is digitalSignature, 0x04 keyCertSign. */
export function keyUsage(bits: number, critical: boolean): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return der(0x30, oid('551d0f'), ...flag, der(0x04, der(0x03, Buffer.from([0, bits]))));
}

const PURPOSES = {
  codeSigning: '2b06010505070303',
  serverAuth: '2b06010505070301',
  /** Of kernel modules: 1.3.6.1.4.1.2312.16.1.2. */
  modules: '2b060104019208100102',
};

export function extendedKeyUsage(...purposes: (keyof typeof PURPOSES)[]): Buffer {
  return der(0x30, oid('551d25'), der(0x04, der(0x30, ...purposes.map(each => oid(PURPOSES[each])))));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), value]);
}
