/** Keys for one run: of the user, of nobody, and of two certificate authorities; made by ssh-keygen, gone with the scratch folder. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProofKeys } from '../../claims/claim.ts';
import { fixedEnvironment, type Environment } from '../../engine/environment.ts';
import { runProcess } from '../../engine/run.ts';
import { sandboxArgv } from '../../engine/sandbox.ts';

export interface MadeKeys {
  keys: ProofKeys;
  /** Text of the files that provisioning writes. */
  authorizedKeys: string;
  caKeys: string;
}

const WORK = '/mnt/work';

/** `folder` is empty and private; `tree` has OpenSSH. */
export async function makeKeys(
  folder: string,
  { tree, user, environment, signal }: { tree: string; user: string; environment: Environment; signal: AbortSignal },
): Promise<MadeKeys> {
  const keygen = async (...args: string[]): Promise<void> => {
    const argv = ['ssh-keygen', '-q', ...args];
    const sandbox = {
      tree,
      binds: [{ host: folder, inside: WORK, writable: true }],
      env: fixedEnvironment(0),
      cwd: WORK,
      network: false,
      identities: 'one' as const,
      devices: [],
    };
    await runProcess(sandboxArgv(sandbox, argv, environment), { env: { PATH: environment.path }, signal, title: argv });
  };
  for (const name of ['user', 'foreign', 'ca', 'foreign-ca', 'certified', 'foreign-certified'])
    await keygen('-t', 'ed25519', '-N', '', '-C', `caisson-prove-${name}`, '-f', name);
  for (const [ca, name] of [
    ['ca', 'certified'],
    ['foreign-ca', 'foreign-certified'],
  ] as const)
    await keygen('-s', ca, '-I', `caisson-prove-${name}`, '-n', `${user},root`, '-V', 'always:forever', `${name}.pub`);
  const at = (name: string): string => path.join(folder, name);
  return {
    keys: {
      user: at('user'),
      foreign: at('foreign'),
      certified: { key: at('certified'), certificate: at('certified-cert.pub') },
      foreignCertified: { key: at('foreign-certified'), certificate: at('foreign-certified-cert.pub') },
    },
    authorizedKeys: await readFile(at('user.pub'), 'utf8'),
    caKeys: await readFile(at('ca.pub'), 'utf8'),
  };
}
