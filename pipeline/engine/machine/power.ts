/** QEMU running in the background: its console, its control socket, when it began and when it ended. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { BuildFault } from '../fault.ts';
import { holdProcess, ProcessFailure, type HeldProcess } from '../run.ts';
import { lastLines, openConsole, type Console } from './console.ts';
import type { MachineRequest } from './guest-machine.ts';
import { diskBinds, makeLayers } from './layers.ts';
import type { Network } from './network.ts';
import { placedArgv, WORK, type Place } from './place.ts';
import { acceleration, qemuArgv, type Machine } from './qemu.ts';
import { connectQmp } from './qmp.ts';
import { openTimeline, type Timeline } from './timeline.ts';
import { startTpm } from './tpm.ts';

export interface Powered {
  console: Console;
  timeline: Timeline;
  /** Port of the host's loopback that leads to the guest's port 22, without a network of our own. */
  sshPort: number;
  type(text: string): void;
  /** One of QMP's commands without arguments. Does nothing once QEMU has ended. */
  command(name: 'system_powerdown' | 'system_reset' | 'quit'): Promise<void>;
  /** Ends it at once. */
  stop(): void;
  /** Kills it: what it did not hand to the host is lost. */
  cut(): void;
  /** Never rejects. */
  ended: Promise<void>;
}

const QMP_SOCKET = 'qmp';

/** Resolves when QEMU runs. */
export async function powerOn(
  request: MachineRequest,
  { network, sshPort }: { network: Network | string; sshPort: number },
  place: Place,
): Promise<Powered> {
  const wired = typeof network !== 'string';
  const machine: Machine = { ...request, network: wired ? 'tap' : { sshPort }, serialFiles: [] };
  await makeLayers(machine, request, place);
  const tpm = request.tpm ? await startTpm(place) : null;
  await rm(path.join(place.scratch, QMP_SOCKET), { force: true });
  const argv = [
    ...qemuArgv(machine, await acceleration()),
    '-monitor',
    'none',
    '-serial',
    'stdio',
    '-qmp',
    `unix:${WORK}/${QMP_SOCKET},server=on,wait=off`,
  ];
  const timeline = openTimeline(() => performance.now() / 1000);
  const console = openConsole(timeline.see);
  timeline.begin();
  const placing = {
    binds: diskBinds(machine),
    network: wired ? network.namespace : 'host',
    rights: 'one',
    devices: ['/dev/kvm', '/dev/net/tun'],
  } as const;
  const held = holdProcess(placedArgv(argv, place, placing), {
    env: { PATH: place.environment.path },
    title: argv,
    onLine: console.add,
  });
  const life = { over: false };
  const ended = (async () => {
    const why = await endOf(held);
    life.over = true;
    tpm?.stop();
    console.close(place.signal.aborted ? (place.signal.reason as Error) : why);
  })();
  place.signal.addEventListener('abort', held.stop, { once: true });
  const qmp = await connectQmp(place.scratch, QMP_SOCKET, {
    onEvent: event => {
      if (event === 'RESET') timeline.begin();
    },
    alive: () => !life.over,
  }).catch(async error => {
    held.stop();
    await ended;
    throw new BuildFault(`QEMU does not run: ${(error as Error).message}`, lastLines(console.lines));
  });
  void ended.then(qmp.close);
  return {
    console,
    timeline,
    sshPort,
    type: held.write,
    command: async name => {
      if (!life.over) await qmp.execute(name).catch(() => undefined);
    },
    stop: held.stop,
    cut: held.kill,
    ended,
  };
}

async function endOf(held: HeldProcess): Promise<Error> {
  try {
    await held.ended;
    return new BuildFault('the machine is off');
  } catch (error) {
    if (!(error instanceof ProcessFailure)) return error as Error;
    return new BuildFault([error.message, ...error.output.slice(-1)].join(': '));
  }
}
