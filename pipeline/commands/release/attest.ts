/** What is signed of a release: its provenance, and the list of its files. */
import { createHash, X509Certificate, verify } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch } from '../../engine/cache.ts';
import { BuildFault } from '../../engine/fault.ts';
import type { Signer } from '../../engine/signer/types.ts';
import { encodeEnvelope, preAuthEncoding } from '../../formats/dsse.ts';
import { STATEMENT_TYPE } from '../../formats/provenance.ts';
import type { CommandContext } from '../context.ts';

/** Bytes -> their signature, which was checked with the certificate. Throws BuildFault for a key that signs amiss. */
export type SignBytes = (bytes: Uint8Array) => Promise<Buffer>;

/** `epoch` in seconds. */
export function bytesSigner(
  { environment }: Pick<CommandContext, 'environment'>,
  signer: Signer,
  epoch: number,
): SignBytes {
  const { publicKey } = new X509Certificate(signer.certificate);
  return async bytes => {
    const work = await makeScratch(environment, 'release');
    try {
      const [request, signed] = [path.join(work, 'request'), path.join(work, 'signature')];
      await writeFile(request, bytes);
      await signer.sign({ work, request, signed, epoch });
      const signature = await readFile(signed);
      if (!verify('sha256', bytes, publicKey, signature))
        throw new BuildFault('the key of releases made a signature that its certificate refuses', 'try it again');
      return signature;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  };
}

/** Text of an envelope on one line. */
export async function signedStatement(
  statement: string,
  { sign, keyid }: { sign: SignBytes; keyid: string },
): Promise<string> {
  const payload = Buffer.from(statement);
  const signature = await sign(preAuthEncoding(STATEMENT_TYPE, payload));
  return encodeEnvelope({ payloadType: STATEMENT_TYPE, payload, signatures: [{ keyid, signature }] });
}

/** SHA-256 of the public key as DER (SubjectPublicKeyInfo), hexadecimal. */
export function keyId(certificate: string): string {
  const der = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}
