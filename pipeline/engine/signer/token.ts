/** A private key in a token, by PKCS#11: the module runs on the host, osslsigncode in the sandbox. */
import { randomBytes, verify } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch } from '../cache.ts';
import { SigningFault } from '../fault.ts';
import { ProcessFailure } from '../run.ts';
import type { OpenSigner, SignerOptions, Token } from './types.ts';
import { toolRunner, WORK } from '../tool-runner.ts';
import type { Certificate } from './certificate.ts';
import { CLIENT, ENGINE_ENVIRONMENT, type KeyOptions } from './key.ts';
import { mustBePrivate } from './key-file.ts';
import { SOCKET, startModuleServer } from './module-server.ts';
import { explainToken } from './token-faults.ts';

const [SOCKET_INSIDE, PIN_INSIDE] = ['/mnt/keys/token', '/mnt/keys/pin'];

/** Serves the token until `close`. Throws SigningFault. */
export async function openToken(token: Token, certificate: Certificate, options: KeyOptions): Promise<OpenSigner> {
  if ((await stat(token.module).catch(() => null))?.isFile() !== true)
    throw new SigningFault(`no PKCS#11 module ${token.module}`, 'install it on this machine, or mend `module`');
  if (token.pinFile !== null) await mustBePrivate(token.pinFile, 'PIN file');
  const folder = await makeScratch(options.environment, 'signer');
  const discard = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const server = await startModuleServer({ ...options, folder, module: token.module, token: token.token });
    const close = async (): Promise<void> => {
      server.stop();
      await server.ended.catch(() => undefined);
      await discard();
    };
    try {
      await tryToken(token, certificate, { ...options, folder });
    } catch (error) {
      await close();
      throw error;
    }
    const key = { uri: token.key, pinFile: token.pinFile === null ? null : PIN_INSIDE };
    const sign = options.signature(certificate, { ...options, key, env: ENV, binds: binds(folder, token) });
    return { certificate: certificate.pem, sign, close };
  } catch (error) {
    await discard();
    throw error;
  }
}

const ENV = { P11_KIT_SERVER_ADDRESS: `unix:path=${SOCKET_INSIDE}`, ...ENGINE_ENVIRONMENT } as const;

function binds(folder: string, { pinFile }: Token) {
  return [
    { host: path.join(folder, SOCKET), inside: SOCKET_INSIDE, writable: false },
    ...(pinFile === null ? [] : [{ host: pinFile, inside: PIN_INSIDE, writable: false }]),
  ];
}

/** Signs some bytes, which shows module, token, PIN, key and certificate to be what they should. */
async function tryToken(
  token: Token,
  certificate: Certificate,
  { folder, ...options }: SignerOptions & { folder: string },
): Promise<void> {
  const run = toolRunner({ ...options, work: folder }, { binds: binds(folder, token), log: null });
  const explained = async (program: string, ...args: string[]): Promise<string> =>
    run(program, args, { env: ENV }).catch(error => {
      throw error instanceof ProcessFailure ? explainToken(error, token) : error;
    });
  const found = await explained('p11-kit', 'list-tokens', '--only-uris', '--provider', CLIENT, token.token);
  const count = found.split('\n').filter(line => line !== '').length;
  if (count === 0)
    throw new SigningFault(
      `the module ${token.module} has no token ${token.token}`,
      `\`pkcs11-tool --module ${token.module} --list-token-slots\` shows its tokens; does the module find its configuration?`,
    );
  if (count > 1)
    throw new SigningFault(`${count} tokens are ${token.token}`, 'add serial= or model= to the URI until one is left');
  const message = randomBytes(32);
  await writeFile(path.join(folder, 'message'), message);
  const pin = token.pinFile === null ? [] : ['-passin', `file:${PIN_INSIDE}`];
  await explained(
    'openssl',
    'dgst',
    '-sha256',
    '-engine',
    'pkcs11',
    '-keyform',
    'engine',
    '-sign',
    token.key,
    ...pin,
    '-out',
    `${WORK}/signature`,
    `${WORK}/message`,
  );
  if (!verify('sha256', message, certificate.x509.publicKey, await readFile(path.join(folder, 'signature'))))
    throw new SigningFault(
      `the key ${token.key} and the certificate ${certificate.file} do not belong together`,
      'name the certificate that was made of this key',
    );
}
