/** Lines of OpenSSH public keys: sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; RFC 4253, section 6.6; RFC 8709. */
import { createHash } from 'node:crypto';
import { FormatFault } from './fault.ts';

export interface PublicKey {
  /** `ssh-ed25519`. */
  type: string;
  /** Size of the key as ssh-keygen counts it. */
  bits: number;
  /** `SHA256:…`, as ssh-keygen and sshd print it. */
  fingerprint: string;
  comment: string;
  /** Type, key and comment, one space between them. */
  line: string;
}

/** In words, for messages. */
export const ALLOWED_KEYS = 'ED25519, ECDSA, their security key forms (sk-…), and RSA from 3072 bits';

const LEAST_RSA_BITS = 3072;
const BITS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 256,
  'sk-ssh-ed25519@openssh.com': 256,
  'ecdsa-sha2-nistp256': 256,
  'sk-ecdsa-sha2-nistp256@openssh.com': 256,
  'ecdsa-sha2-nistp384': 384,
  'ecdsa-sha2-nistp521': 521,
};
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File/m;
const TYPE = /^(ssh-|ecdsa-|sk-)[\w@.-]+$/;

/**
 * The keys of a text with one a line; blank lines and comments are left out, and so is a key that stands there twice.
 * Throws FormatFault, with `name` and the number of the line, for a key that is weak, a certificate, a private key, or no key.
 */
export function decodePublicKeys(text: string, name: string): PublicKey[] {
  if (PRIVATE_KEY.test(text))
    throw new FormatFault(
      `${name}: that is the private key`,
      'give the .pub file; the private key stays with who logs in',
    );
  if (text.includes('\0') || text.includes('\uFFFD'))
    throw new FormatFault(
      `${name} is no UTF-8 text`,
      'give a file of OpenSSH public keys; of a text in UTF-16, as PowerShell writes it, make one in UTF-8',
    );
  const keys = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line, index) => decodeLine(line.trim(), `${name}:${index + 1}`) ?? []);
  if (keys.length === 0)
    throw new FormatFault(
      `${name} holds no public key`,
      'give a file of OpenSSH public keys, as ssh-keygen makes them',
    );
  return keys.filter((key, index) => keys.findIndex(each => each.fingerprint === key.fingerprint) === index);
}

function decodeLine(line: string, where: string): PublicKey | null {
  if (line === '' || line.startsWith('#')) return null;
  const fault = (what: string, hint: string): FormatFault => new FormatFault(`${where}: ${what}`, hint);
  const words = line.split(/[ \t]+/);
  const [type = '', blob = '', ...rest] = words;
  if (!TYPE.test(type)) {
    const options = words.some(word => TYPE.test(word));
    throw options
      ? fault('options stand before the key', 'write the key alone: TYPE KEY COMMENT')
      : fault('no OpenSSH public key', 'write TYPE KEY COMMENT, as in the .pub file that ssh-keygen makes');
  }
  if (type.includes('-cert-'))
    throw fault('that is a certificate', 'give the public key of the authority that signed it, with --ca-key');
  const comment = rest.join(' ');
  if (/\p{Cc}/u.test(comment)) throw fault('control characters in the comment', 'take them out');
  const bytes = Buffer.from(blob, 'base64');
  // Buffer.from takes anything for base64.
  const fields = bytes.toString('base64') === blob ? fieldsOf(bytes) : [];
  if (fields[0]?.toString('latin1') !== type)
    throw fault(`the key behind ${type} is damaged`, 'copy the line again, whole');
  const bits = type === 'ssh-rsa' ? bitsOf(fields[2] ?? Buffer.alloc(0)) : (BITS[type] ?? null);
  if (bits === null) throw fault(`a key of type ${type} is not taken`, `allowed are ${ALLOWED_KEYS}`);
  if (type === 'ssh-rsa' && bits < LEAST_RSA_BITS)
    throw fault(`an RSA key of ${bits} bits is too weak`, `allowed are ${ALLOWED_KEYS}`);
  const fingerprint = `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
  return { type, bits, fingerprint, comment, line: [type, blob, comment].join(' ').trim() };
}

/** Of an mpint without sign, zeros in front left out. */
function bitsOf(number: Buffer): number {
  const start = number.findIndex(byte => byte !== 0);
  return start === -1 ? 0 : (number.length - start) * 8 - (Math.clz32(number[start] ?? 0) - 24);
}

/** RFC 4251, section 5: each `string` and `mpint` is a length of four bytes and as many bytes. None when they don't fill it. */
function fieldsOf(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return [];
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return [];
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
