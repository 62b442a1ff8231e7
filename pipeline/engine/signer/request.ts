/** One call of osslsigncode: a request becomes a signed one. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Signer } from './types.ts';
import { toolRunner, WORK } from '../tool-runner.ts';
import type { Certificate } from './certificate.ts';
import { CLIENT, ENGINE, type Key, type SignatureOptions } from './key.ts';

const CERTIFICATE = 'signer.crt';

/**
 * The SHA-256 in the request is signed with PKCS#1 v1.5, the time is an attribute beside it: equal input, equal bytes
 * (osslsigncode(1), "extract-data").
 */
export function requestSigner({ pem }: Certificate, options: SignatureOptions): Signer['sign'] {
  const { environment, tools, signal, key, env, binds } = options;
  return async ({ work, request, signed, epoch }) => {
    await writeFile(path.join(work, CERTIFICATE), pem);
    const inside = (file: string): string => `${WORK}/${path.relative(work, file)}`;
    const run = toolRunner({ environment, tools, work, epoch, signal }, { binds, log: null });
    await run(
      'osslsigncode',
      ['sign', '-h', 'sha256', '-certs', `${WORK}/${CERTIFICATE}`, ...keyArgs(key), '-time', String(epoch)].concat([
        '-in',
        inside(request),
        '-out',
        inside(signed),
      ]),
      { env },
    );
  };
}

function keyArgs(key: Key): string[] {
  if ('file' in key) return ['-key', key.file];
  const pin = key.pinFile === null ? [] : ['-readpass', key.pinFile];
  return ['-pkcs11engine', ENGINE, '-pkcs11module', CLIENT, '-key', key.uri, ...pin];
}
