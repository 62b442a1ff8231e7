/** The machine's network: a tap in a namespace of our own, DHCP and router advertisements on it, clients around it. */
import { constants } from 'node:fs';
import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BuildFault } from '../fault.ts';
import { captureProcess, holdProcess, ProcessFailure, type Captured, type HeldProcess } from '../run.ts';
import { clientAddresses, DEVICE, dnsmasqConfiguration, leasedAddress, neighbour6, TAP_COMMANDS } from './addresses.ts';
import { openNamespace, type HeldNamespace } from './namespace.ts';
import { ALONE, placedArgv, WORK, type Namespace, type Place } from './place.ts';

export interface Network {
  namespace: Namespace;
  /** Runs a program there with the rights over the network, whatever its exit code. */
  run(argv: readonly string[], signal: AbortSignal): Promise<Captured>;
  /** The address that DHCP gave to this MAC address; null when it asks for none within the time. */
  leaseOf(mac: string, limitSeconds: number): Promise<string | null>;
  take(): Promise<{ v4: string; v6: string }>;
  takeNeighbour(v6: string): Promise<string>;
  end(): Promise<void>;
}

const TUN = '/dev/net/tun';
const CONFIGURATION = 'dnsmasq.conf';
const LEASES = 'dnsmasq.leases';

/** A network, or in a string why there can be none here. */
export async function openNetwork(place: Place): Promise<Network | string> {
  const opens = await access(TUN, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!opens) return `${TUN} does not open for this user`;
  const namespace = await openNamespace(place).catch(refusal);
  if (typeof namespace === 'string') return namespace;
  try {
    return await furnish(namespace, place);
  } catch (error) {
    await namespace.end();
    return refusal(error);
  }
}

/** What this machine does not allow is no fault: most of the work goes on without. */
function refusal(error: unknown): string {
  if (error instanceof BuildFault) return error.message;
  if (error instanceof ProcessFailure) return [error.message, ...error.output.slice(-1)].join(': ');
  throw error;
}

async function furnish(namespace: HeldNamespace, place: Place): Promise<Network> {
  const { environment, signal, scratch } = place;
  const settings = { env: { PATH: environment.path }, input: '' };
  const placing = { ...ALONE, network: namespace, rights: 'joined', devices: [TUN] } as const;
  const run: Network['run'] = async (argv, runSignal) =>
    captureProcess(placedArgv(argv, place, placing), { ...settings, signal: runSignal, title: argv });
  const ip = async (args: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await run(['ip', ...args], signal);
    if (exitCode !== 0) throw new BuildFault(`ip ${args.join(' ')}: ${stderr.trim()}`);
  };
  for (const command of TAP_COMMANDS) await ip(command);
  const dnsmasq = await startDnsmasq(place, argv => placedArgv(argv, place, placing));
  const [clients, neighbours] = [{ taken: 0 }, new Map<string, number>()];
  return {
    namespace,
    run,
    leaseOf: async (mac, limitSeconds) => {
      for (const end = performance.now() + limitSeconds * 1000; ;) {
        const address = leasedAddress(await readFile(path.join(scratch, LEASES), 'utf8').catch(() => ''), mac);
        if (address !== null || performance.now() > end) return address;
        await delay(100, undefined, { signal });
      }
    },
    take: async () => {
      const addresses = clientAddresses((clients.taken += 1));
      if (addresses === null) throw new BuildFault('the network of the machine has no more client addresses');
      await ip(['addr', 'add', `${addresses.v4}/24`, 'dev', DEVICE]);
      await ip(['addr', 'add', `${addresses.v6}/128`, 'dev', DEVICE, 'nodad']);
      return addresses;
    },
    takeNeighbour: async v6 => {
      const number = (neighbours.get(v6) ?? 1) + 1;
      neighbours.set(v6, number);
      await ip(['addr', 'add', `${neighbour6(v6, number)}/128`, 'dev', DEVICE, 'nodad']);
      return neighbour6(v6, number);
    },
    end: async () => {
      dnsmasq.stop();
      await dnsmasq.ended.catch(() => undefined);
      await namespace.end().catch(() => undefined);
    },
  };
}

/** Started before the machine, which asks for an address long after; ends with us, because its sandbox does. */
async function startDnsmasq(
  { scratch, environment }: Place,
  placed: (argv: readonly string[]) => string[],
): Promise<HeldProcess> {
  await writeFile(path.join(scratch, CONFIGURATION), dnsmasqConfiguration(`${WORK}/${LEASES}`));
  // --no-daemon: it also changes no user, which is not there to change to.
  const argv = ['dnsmasq', '--no-daemon', `--conf-file=${WORK}/${CONFIGURATION}`];
  return new Promise((resolve, reject) => {
    const held = holdProcess(placed(argv), {
      env: { PATH: environment.path },
      title: argv,
      // Its first words, when it has what it needs.
      onLine: line => {
        if (/\bstarted\b/.test(line)) resolve(held);
      },
    });
    held.ended.then(() => reject(new Error('dnsmasq ended early')), reject);
  });
}
