/** One call of openssl-cms(1): a file becomes a CMS SignedData (RFC 5652) that holds it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Signer } from './types.ts';
import { toolRunner, WORK } from '../tool-runner.ts';
import type { Certificate } from './certificate.ts';
import type { Key, SignatureOptions } from './key.ts';

const [CERTIFICATE, CHAIN] = ['signer.crt', 'chain.crt'];

/**
 * The content itself is signed, with PKCS#1 v1.5, and no attributes: equal input, equal bytes. A signing time would be
 * the clock's, and nobody believes it (RAUC's `use-bundle-signing-time` is off).
 */
export function cmsSigner({ pem, chain }: Certificate, options: SignatureOptions): Signer['sign'] {
  const { environment, tools, signal, key, env, binds } = options;
  return async ({ work, request, signed, epoch }) => {
    await writeFile(path.join(work, CERTIFICATE), pem);
    await writeFile(path.join(work, CHAIN), chain);
    const inside = (file: string): string => `${WORK}/${path.relative(work, file)}`;
    const run = toolRunner({ environment, tools, work, epoch, signal }, { binds, log: null });
    const form = ['-binary', '-nodetach', '-noattr', '-nosmimecap', '-md', 'sha256', '-outform', 'DER'];
    const certificates = ['-signer', inside(path.join(work, CERTIFICATE))];
    if (chain !== '') certificates.push('-certfile', inside(path.join(work, CHAIN)));
    const files = ['-in', inside(request), '-out', inside(signed)];
    await run('openssl', ['cms', '-sign', ...form, ...certificates, ...keyArgs(key), ...files], { env });
  };
}

function keyArgs(key: Key): string[] {
  if ('file' in key) return ['-inkey', key.file];
  const pin = key.pinFile === null ? [] : ['-passin', `file:${key.pinFile}`];
  return ['-engine', 'pkcs11', '-keyform', 'engine', '-inkey', key.uri, ...pin];
}
