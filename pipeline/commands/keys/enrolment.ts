/** Keys of Secure Boot with the files that give them to firmware (UEFI 2.10, 32.3), made in the tools tree. */
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toolRunner, WORK, type ToolOptions } from '../../engine/tool-runner.ts';
import { requestArgs, subjectOf, VALIDITY } from './request.ts';

export interface EnrolmentOptions {
  tools: Omit<ToolOptions, 'epoch' | 'work'>;
  /** Whose keys they are, for their names. */
  name: string;
  /** GUID of the owner, which stands beside each certificate in the firmware's lists. */
  owner: string;
}

const AUTHORITY = ['basicConstraints=critical,CA:TRUE'];

/**
 * Each with the key that its variable's content is signed with. RSA with 2048 bits: the one length that UEFI gives a
 * type of its own (2.10, 32.4.1), and that all firmware takes.
 */
const KEYS = [
  { name: 'PK', signer: 'PK', extensions: AUTHORITY },
  { name: 'KEK', signer: 'PK', extensions: AUTHORITY },
  // openSUSE's shim wants it of whoever signs programs; the others have no objection.
  { name: 'db', signer: 'KEK', extensions: [...AUTHORITY, 'extendedKeyUsage=codeSigning'] },
] as const;

export const KEY_NAMES = KEYS.map(({ name }) => name);

/** All files that are made. */
export const ENROLMENT_FILES: readonly string[] = [
  ...KEY_NAMES.flatMap(name => ['key', 'crt', 'cer', 'esl', 'auth'].map(ending => `${name}.${ending}`)),
  'noPK.auth',
  'GUID',
];

/** That of each variable; firmware takes a later one in its place, never an older (EFI_VARIABLE_AUTHENTICATION_2). */
const [SET_AT, CLEARED_AT] = ['2020-01-01 00:00:00', '2020-01-01 00:00:01'];

/** Fills the host folder `folder` with ENROLMENT_FILES. Throws ProcessFailure. */
export async function makeEnrolmentFiles(folder: string, { tools, name, owner }: EnrolmentOptions): Promise<void> {
  const epoch = Date.parse(VALIDITY.from) / 1000;
  const run = toolRunner({ ...tools, work: folder, epoch }, { binds: [], log: null });
  const at = (file: string): string => `${WORK}/${file}`;
  for (const { name: key, extensions } of KEYS) {
    await run('openssl', requestArgs(at(key), { subject: subjectOf(name, key), bits: 2048, extensions, issuer: null }));
    await run('openssl', ['x509', '-in', at(`${key}.crt`), '-outform', 'DER', '-out', at(`${key}.cer`)]);
    await run('cert-to-efi-sig-list', ['-g', owner, at(`${key}.crt`), at(`${key}.esl`)]);
  }
  const sign = async (variable: string, files: { signer: string; list: string; signed: string; time: string }) => {
    const { signer, list, signed, time } = files;
    const by = ['-c', at(`${signer}.crt`), '-k', at(`${signer}.key`)];
    await run('sign-efi-sig-list', ['-g', owner, '-t', time, ...by, variable, at(list), at(signed)]);
  };
  for (const { name: key, signer } of KEYS)
    await sign(key, { signer, list: `${key}.esl`, signed: `${key}.auth`, time: SET_AT });
  // A PK without content puts the firmware back into setup mode.
  await writeFile(path.join(folder, NOTHING), '');
  await sign('PK', { signer: 'PK', list: NOTHING, signed: 'noPK.auth', time: CLEARED_AT });
  await rm(path.join(folder, NOTHING));
  await writeFile(path.join(folder, 'GUID'), `${owner}\n`);
  for (const file of ENROLMENT_FILES) await chmod(path.join(folder, file), file.endsWith('.key') ? 0o600 : 0o644);
}

const NOTHING = 'nothing';
