/** One SSH connection that all commands go through, so that a limit on new connections is not met. */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../fault.ts';
import { captureProcess, holdProcess, ProcessFailure, type Captured } from '../run.ts';
import { ALONE, placedArgv, type Placing, type Place } from './place.ts';
import { CONNECTED, KEY, KNOWN_HOSTS, knownHosts, masterArgv, ROOT_SHELL, throughArgv, type Target } from './ssh.ts';

export interface Login {
  /** Runs a POSIX sh script as root; rejects with BuildFault when the connection is lost or time is over. */
  sh(script: string, limitSeconds: number): Promise<Captured>;
  /** Never rejects. */
  close(): Promise<void>;
}

export interface LoginOptions {
  /** Host path of the private key. */
  key: string;
  hostKeys: readonly string[];
  network: Placing['network'];
}

/** Resolves when the connection stands; throws BuildFault with what ssh said when it does not come to that. */
export async function openLogin(
  target: Target,
  { key, hostKeys, network }: LoginOptions,
  place: Place,
): Promise<Login> {
  if (hostKeys.length === 0)
    throw new BuildFault(
      'the guest told no host key on its console',
      'without one nobody knows who answers on port 22',
    );
  const socket = 'mux';
  await writeFile(path.join(place.scratch, KNOWN_HOSTS), knownHosts(hostKeys));
  await rm(path.join(place.scratch, socket), { force: true });
  const env = { PATH: place.environment.path };
  const placing = { ...ALONE, network, binds: [{ host: path.resolve(key), inside: KEY, writable: false }] };
  const master = await holdMaster(masterArgv(target, socket), argv => placedArgv(argv, place, placing), place);
  const through = async (rest: readonly string[], input: string, signal: AbortSignal): Promise<Captured> =>
    captureProcess(placedArgv(throughArgv(target, socket, rest), place, { ...ALONE, network }), {
      env,
      signal,
      input,
      title: ['ssh', ...rest],
    });
  return {
    sh: async (script, limitSeconds) => {
      const limit = AbortSignal.timeout(limitSeconds * 1000);
      try {
        const ran = await through([ROOT_SHELL], script, AbortSignal.any([place.signal, limit]));
        // ssh's own code for failures, and a code that a script may have as well.
        if (ran.exitCode === 255 && (await through(['-O', 'check', 'unused'], '', place.signal)).exitCode !== 0)
          throw new BuildFault(`the connection to the guest was lost: ${ran.stderr.trim()}`);
        return ran;
      } catch (error) {
        if (!limit.aborted || place.signal.aborted) throw error;
        throw new BuildFault(`a script in the guest did not end within ${limitSeconds} s`, script.slice(0, 200));
      }
    },
    close: async () => {
      master.stop();
      await master.ended.catch(() => undefined);
    },
  };
}

async function holdMaster(
  argv: readonly string[],
  placed: (argv: readonly string[]) => string[],
  { environment, signal }: Place,
): Promise<ReturnType<typeof holdProcess>> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const held = holdProcess(placed(argv), {
      env: { PATH: environment.path },
      title: ['ssh'],
      onLine: line => {
        if (line === CONNECTED) resolve(held);
      },
    });
    const refused = (error: unknown): void =>
      reject(
        error instanceof ProcessFailure
          ? new BuildFault(`ssh got no connection to the guest: ${error.output.slice(-3).join('; ')}`)
          : (error as Error),
      );
    held.ended.then(() => refused(signal.reason), refused);
    signal.addEventListener('abort', held.stop, { once: true });
  });
}
