/** Lines of OpenSSH public keys: authorized_keys and TrustedUserCAKeys, sshd(8). Pure. */
import { createHash } from 'node:crypto';

export interface PublicKey {
  /** "ssh-ed25519". */
  type: string;
  /** "SHA256:…", as ssh-keygen -l prints it. */
  fingerprint: string;
  comment: string;
}

/** The keys that the text holds, in its order; comments and lines without a key are left out. */
export function publicKeys(text: string): PublicKey[] {
  return text.split('\n').flatMap(line => {
    // Options may stand before the type and hold spaces in quotes; no option looks like a type and its blob.
    const found = /(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?:\s+(.*\S))?\s*$/.exec(line);
    if (found === null || line.trimStart().startsWith('#')) return [];
    const [, type = '', blob = '', comment = ''] = found;
    const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
    return [{ type, fingerprint: `SHA256:${digest.replace(/=+$/, '')}`, comment }];
  });
}
