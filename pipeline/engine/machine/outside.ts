/** The other side of the machine's network cable: where users and attackers stand. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../fault.ts';
import { captureProcess, type Captured } from '../run.ts';
import type { Bind } from '../sandbox.ts';
import type { Outside, SshAttempt } from './guest-machine.ts';
import type { Network } from './network.ts';
import { ALONE, placedArgv, type Place } from './place.ts';
import { serveFolder } from './web-server.ts';
import { CERTIFICATE, KEY, KNOWN_HOSTS, knownHosts, sshArgv } from './ssh.ts';

export interface Guest {
  /** Null before its first ready line. */
  addresses: { v4: string; v6: string } | null;
  hostKeys: readonly string[];
}

export function openOutside(network: Network, guest: () => Guest, place: Place): Outside {
  const addresses = (): { v4: string; v6: string } => {
    const found = guest().addresses;
    if (found === null) throw new Error('the guest has no addresses before its first ready line');
    return found;
  };
  const run: Outside['run'] = async (argv, { limitSeconds }) =>
    within({ limitSeconds, place }, async signal => network.run(argv, signal));
  return {
    get guest4() {
      return addresses().v4;
    },
    get guest6() {
      return addresses().v6;
    },
    take: network.take,
    takeNeighbour: network.takeNeighbour,
    run,
    serve: async folder => serveFolder({ network, folder }, place),
    ssh: async attempt => {
      await writeFile(path.join(place.scratch, KNOWN_HOSTS), knownHosts(guest().hostKeys));
      const argv = placedArgv(attemptArgv(attempt, addresses()), place, {
        ...ALONE,
        network: network.namespace,
        binds: attemptBinds(attempt),
      });
      return within({ limitSeconds: 120, place }, async signal =>
        captureProcess(argv, { env: { PATH: place.environment.path }, signal, input: '', title: ['ssh'] }),
      );
    },
    tcp: async ({ source, target, port, seconds }) => {
      const argv = socatArgv({ source, target, port, seconds });
      return verdict(await run(argv, { limitSeconds: seconds + 30 }));
    },
  };
}

async function within<T>(
  { limitSeconds, place }: { limitSeconds: number; place: Place },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(limitSeconds * 1000);
  try {
    return await work(AbortSignal.any([place.signal, limit]));
  } catch (error) {
    if (!limit.aborted || place.signal.aborted) throw error;
    throw new BuildFault(`a program beside the machine did not end within ${limitSeconds} s`);
  }
}

/** To the guest's address of the family that the source has. */
function attemptArgv(attempt: SshAttempt, guest: { v4: string; v6: string }): string[] {
  const { source, user, key, certificate, command, extra } = attempt;
  const address = source.includes(':') ? guest.v6 : guest.v4;
  const target = { user, address, port: 22, source };
  const alone = ['-o', 'ControlPath=none', '-o', 'IdentityAgent=none'];
  const options = { key: key !== null, certificate: certificate !== null, extra: [...extra, ...alone] };
  return [...sshArgv(target, options), '--', command];
}

function attemptBinds({ key, certificate }: SshAttempt): Bind[] {
  const bind = (host: string | null, inside: string): Bind[] =>
    host === null ? [] : [{ host: path.resolve(host), inside, writable: false }];
  return [...bind(key, KEY), ...bind(certificate, CERTIFICATE)];
}

/** One connection that sends nothing; see socat(1). */
export function socatArgv({ source, target, port, seconds }: Parameters<Outside['tcp']>[0]): string[] {
  const [family, bracketed] = target.includes(':')
    ? ['TCP6', (address: string) => `[${address}]`]
    : ['TCP4', (address: string) => address];
  const where = `${family}:${bracketed(target)}:${port}`;
  return ['socat', '-u', 'OPEN:/dev/null', `${where},bind=${bracketed(source)},connect-timeout=${seconds}`];
}

/** A reset is an answer; silence and "unreachable" of a router are none. */
export function verdict({ exitCode, stderr }: Captured): 'open' | 'refused' | 'no answer' {
  if (exitCode === 0) return 'open';
  if (/Connection refused/i.test(stderr)) return 'refused';
  if (/timed out|No route to host|Network is unreachable/i.test(stderr)) return 'no answer';
  throw new BuildFault(`socat could not try the port: ${stderr.trim()}`);
}
