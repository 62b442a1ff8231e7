/** One call of openssl-dgst(1): a file -> its signature alone, as `openssl dgst -verify` and cosign take it. */
import path from 'node:path';
import type { Signer } from './types.ts';
import { toolRunner, WORK } from '../tool-runner.ts';
import type { Certificate } from './certificate.ts';
import type { Key, SignatureOptions } from './key.ts';

/** RSA PKCS#1 v1.5 of the SHA-256 (RFC 8017, section 8.2): equal input, equal bytes. */
export function rawSigner(_: Certificate, options: SignatureOptions): Signer['sign'] {
  const { environment, tools, signal, key, env, binds } = options;
  return async ({ work, request, signed, epoch }) => {
    const inside = (file: string): string => `${WORK}/${path.relative(work, file)}`;
    const run = toolRunner({ environment, tools, work, epoch, signal }, { binds, log: null });
    await run('openssl', ['dgst', '-sha256', ...keyArgs(key), '-out', inside(signed), inside(request)], { env });
  };
}

function keyArgs(key: Key): string[] {
  if ('file' in key) return ['-sign', key.file];
  const pin = key.pinFile === null ? [] : ['-passin', `file:${key.pinFile}`];
  return ['-engine', 'pkcs11', '-keyform', 'engine', '-sign', key.uri, ...pin];
}
