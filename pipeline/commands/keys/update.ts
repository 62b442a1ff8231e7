/** Keys of updates: an authority that machines trust, and a key it issued, which signs bundles. Made in the tools tree. */
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { toolRunner, WORK, type ToolOptions } from '../../engine/tool-runner.ts';
import { requestArgs, subjectOf, VALIDITY } from './request.ts';

export interface UpdateKeysOptions {
  tools: Omit<ToolOptions, 'epoch' | 'work'>;
  /** Whose keys they are, for their names. */
  name: string;
}

/** The second is issued by the first, so that it can be replaced without a new keyring in the machines. */
const KEYS = [
  {
    name: 'update-ca',
    title: 'update authority',
    issuer: null,
    extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'],
  },
  {
    name: 'update',
    title: 'update',
    issuer: 'update-ca',
    // What `check-purpose=codesign` of RAUC demands of whoever signs a bundle.
    extensions: [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      'extendedKeyUsage=critical,codeSigning',
      'authorityKeyIdentifier=keyid:always',
    ],
  },
] as const;

export const UPDATE_KEY_NAMES = KEYS.map(({ name }) => name);

/** All files that are made. */
export const UPDATE_FILES: readonly string[] = UPDATE_KEY_NAMES.flatMap(name => [`${name}.key`, `${name}.crt`]);

/** No firmware reads it: longer than the keys of Secure Boot, for machines are in use for years. */
const BITS = 3072;

/** Fills the host folder `folder` with UPDATE_FILES. Throws ProcessFailure. */
export async function makeUpdateFiles(folder: string, { tools, name }: UpdateKeysOptions): Promise<void> {
  const epoch = Date.parse(VALIDITY.from) / 1000;
  const run = toolRunner({ ...tools, work: folder, epoch }, { binds: [], log: null });
  const at = (file: string): string => `${WORK}/${file}`;
  for (const { name: key, title, issuer, extensions } of KEYS) {
    const subject = subjectOf(name, title);
    const by = issuer === null ? null : at(issuer);
    await run('openssl', requestArgs(at(key), { subject, bits: BITS, extensions, issuer: by }));
  }
  for (const file of UPDATE_FILES) await chmod(path.join(folder, file), file.endsWith('.key') ? 0o600 : 0o644);
}
