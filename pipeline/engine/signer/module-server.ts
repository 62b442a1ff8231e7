/**
 * The host's `p11-kit server`: a PKCS#11 module behind a socket (p11-kit(8)). A module of a token belongs to the
 * host, with its libraries, its configuration and the way to its device; in the sandbox there is nothing of these.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../environment.ts';
import { SigningFault } from '../fault.ts';
import { holdProcess, ProcessFailure, type HeldProcess } from '../run.ts';

export interface ModuleServerOptions {
  environment: Environment;
  /** Host folder for the socket, its user's alone. */
  folder: string;
  /** Host path. */
  module: string;
  /** URI; the server shows this token and no other. */
  token: string;
  signal: AbortSignal;
}

/** In `folder`. */
export const SOCKET = 'token';

/** Resolves when it can be connected to; `stop` ends it, and so does our end. Throws SigningFault. */
export async function startModuleServer(options: ModuleServerOptions): Promise<HeldProcess> {
  const { environment, folder, module, token, signal } = options;
  // By a short name: that of a socket has 107 characters at the most (unix(7)).
  const argv = ['p11-kit', 'server', '--foreground', '--provider', module, '--name', `./${SOCKET}`, token];
  const said: string[] = [];
  const held = holdProcess(['setpriv', '--pdeathsig', 'TERM', ...argv], {
    env: { ...environment.inherited, PATH: environment.path },
    cwd: folder,
    title: argv,
    onLine: line => said.push(line),
  });
  let failure: unknown = null;
  void held.ended.then(
    () => (failure = new Error('ended')),
    error => (failure = error),
  );
  while (!(existsSync(path.join(folder, SOCKET)) && said.some(line => line.startsWith('P11_KIT_SERVER_PID=')))) {
    if (failure !== null) throw explain(failure, said);
    if (signal.aborted) held.stop();
    signal.throwIfAborted();
    await delay(20);
  }
  return held;
}

function explain(failure: unknown, said: readonly string[]): SigningFault {
  return failure instanceof ProcessFailure &&
    /failed to execute p11-kit|server.*not (a valid|found)/.test(said.join('\n'))
    ? new SigningFault('p11-kit is not on this machine, and a token is reached through it', 'apt-get install p11-kit')
    : new SigningFault(`\`p11-kit server\` did not start: ${said.join(' ')}`, 'try it by hand: p11-kit(8)');
}
