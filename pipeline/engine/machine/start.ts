/** Starts a machine that claims talk to: QEMU, the network around it, a connection into it. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../environment.ts';
import { BuildFault } from '../fault.ts';
import { ADDRESSES6_SCRIPT, eui64Address, GUEST_MAC, ownAddress6 } from './addresses.ts';
import { readyOf } from './console-lines.ts';
import { lastLines } from './console.ts';
import type { GuestMachine, MachineRequest } from './guest-machine.ts';
import { freePort } from './free-port.ts';
import { openLogin, type Login } from './login.ts';
import { openNetwork, type Network } from './network.ts';
import { openOutside, type Guest } from './outside.ts';
import { powerOn, type Powered } from './power.ts';
import type { Place } from './place.ts';
import { CLOCKS_SCRIPT, guestClocks } from './timeline.ts';

/** Software emulation on a busy machine takes its time; a machine that stands still tells nobody. */
const READY_LIMIT_SECONDS = 600;
/** A guest is ready with its first address, which may be the IPv6 one. */
const LEASE_LIMIT_SECONDS = 30;
const POWER_OFF_SECONDS = 60;

export interface StartOptions {
  environment: Environment;
  /** Host path of the tree of `vm-tools`. */
  tree: string;
  signal: AbortSignal;
}

/**
 * Resolves when the guest said that it is ready and, with `login`, a connection stands. Throws BuildFault with the
 * last lines of the console when it does not come so far; nothing is left running then, nor when `signal` fires.
 */
export async function startMachine(request: MachineRequest, options: StartOptions): Promise<GuestMachine> {
  const guest = await launchMachine(request, options);
  try {
    await guest.connect(0);
    return guest;
  } catch (error) {
    await guest.kill();
    throw explained(error, guest.console);
  }
}

/** The same for a machine that may never be ready: resolves when QEMU runs. Whoever wants to log in calls `connect`. */
export async function launchMachine(
  request: MachineRequest,
  { environment, tree, signal }: StartOptions,
): Promise<GuestMachine> {
  const place: Place = { environment, tree, scratch: request.scratch, signal };
  await mkdir(request.scratch, { recursive: true });
  const network = await openNetwork(place);
  const machine = await powerOn(request, { network, sshPort: await freePort() }, place).catch(async error => {
    if (typeof network !== 'string') await network.end();
    throw error;
  });
  return guestMachine(request, { machine, network, place });
}

function guestMachine(
  request: MachineRequest,
  { machine, network, place }: { machine: Powered; network: Network | string; place: Place },
): GuestMachine {
  const { console, timeline } = machine;
  const state: { login: Login | null; addresses: Guest['addresses'] } = { login: null, addresses: null };
  const wired = typeof network === 'string' ? null : network;
  const sh: GuestMachine['sh'] = async (script, options = { limitSeconds: 120 }) => {
    if (state.login === null) throw new BuildFault('nobody is logged in at this machine');
    return state.login.sh(script, options.limitSeconds);
  };
  const hangUp = async (): Promise<void> => {
    await state.login?.close();
    state.login = null;
  };
  const release = async (): Promise<void> => {
    await hangUp();
    await machine.ended;
    await wired?.end();
  };
  const connect = async (from: number): Promise<void> => {
    const ready = await console.wait(/\bcaisson: ready: /, { from, limitSeconds: READY_LIMIT_SECONDS });
    await hangUp();
    const leased = await wired?.leaseOf(GUEST_MAC, LEASE_LIMIT_SECONDS);
    if (typeof leased === 'string') state.addresses = { v4: leased, v6: eui64Address(GUEST_MAC) };
    if (!request.login) return;
    mustLetIn(ready);
    const target =
      wired === null
        ? { address: '127.0.0.1', port: machine.sshPort, source: null }
        : // Each connection from an address that has not used up its share.
          { address: mustHaveLease(leased), port: 22, source: (await wired.take()).v4 };
    const options = { key: request.key, hostKeys: timeline.hostKeys, network: wired?.namespace ?? ('host' as const) };
    state.login = await openLogin({ user: request.user, ...target }, options, place);
    const clocks = guestClocks((await sh(CLOCKS_SCRIPT)).stdout);
    if (clocks !== null) timeline.learn(clocks);
    if (state.addresses === null) return;
    const own = ownAddress6((await sh(ADDRESSES6_SCRIPT)).stdout);
    state.addresses = { ...state.addresses, v6: own ?? state.addresses.v6 };
  };
  return {
    sh,
    console: console.lines,
    type: machine.type,
    waitForLine: console.wait,
    get hostKeys() {
      return timeline.hostKeys;
    },
    get bootSeconds() {
      return timeline.times.ready;
    },
    get bootTimes() {
      return timeline.times;
    },
    get boots() {
      return timeline.boots;
    },
    connect,
    reset: async () => machine.command('system_reset'),
    reboot: async () => {
      const from = console.lines.length;
      // The connection may be gone before the answer.
      await sh('systemctl reboot').catch((error: unknown) => {
        if (!(error instanceof BuildFault)) throw error;
      });
      await connect(from);
    },
    powerOff: async () => {
      await hangUp();
      await machine.command('system_powerdown');
      const over = new AbortController();
      const forced = delay(POWER_OFF_SECONDS * 1000, undefined, { signal: over.signal }).then(
        async () => machine.command('quit'),
        () => undefined,
      );
      await Promise.race([machine.ended, forced]);
      over.abort();
      await release();
    },
    cutPower: async () => {
      machine.cut();
      await release();
    },
    kill: async () => {
      machine.stop();
      await release();
    },
    outside:
      wired === null
        ? null
        : openOutside(wired, () => ({ addresses: state.addresses, hostKeys: timeline.hostKeys }), place),
    noOutside: typeof network === 'string' ? network : '',
  };
}

/**
 * Throws BuildFault unless the console line that says the machine is ready names a login over the network.
 */
export function mustLetIn(line: string): void {
  const login = readyOf(line)?.login ?? null;
  if (login === null)
    throw new BuildFault('nobody can log in to this machine', 'give it a key: caisson provision makes a copy with one');
  if ('vsock' in login)
    throw new BuildFault('this machine lets users in over vsock alone', 'there is no way to it over the network');
}

function mustHaveLease(address: string | null | undefined): string {
  if (typeof address === 'string') return address;
  throw new BuildFault('the guest said it is ready, but asked for no address by DHCP');
}

function explained(error: unknown, lines: readonly string[]): unknown {
  if (!(error instanceof BuildFault) || error.hint !== '') return error;
  return new BuildFault(error.message, `the console's last lines:\n${lastLines(lines)}`);
}
