/** Boots an image with its console here, until the machine is off. */
import { runInteractive, runProcess } from '../run.ts';
import { diskBinds, makeLayers } from './layers.ts';
import { placedArgv, WORK, type Placing, type Place } from './place.ts';
import { acceleration, qemuArgv, type Machine } from './qemu.ts';
import { startTpm } from './tpm.ts';

/** The console is this terminal; what it shows is written into `consoleFile` of scratch too. */
export async function bootOnTerminal(machine: Machine, place: Place & { consoleFile: string }): Promise<void> {
  await makeLayers(machine, { growTo: 0, damage: [] }, place);
  const tpm = machine.tpm ? await startTpm(place) : null;
  // As `-serial mon:stdio`, but for the file.
  const console = `stdio,id=console,mux=on,signal=off,logfile=${WORK}/${place.consoleFile}`;
  const argv = [
    ...qemuArgv(machine, await acceleration()),
    '-chardev',
    console,
    '-serial',
    'chardev:console',
    '-mon',
    'chardev=console,mode=readline',
  ];
  try {
    await runInteractive(placedArgv(argv, place, placing(machine)), {
      env: { PATH: place.environment.path },
      signal: place.signal,
      title: argv,
    });
  } finally {
    tpm?.stop();
  }
}

/** The console's lines are handed to `onLine`; a reset ends the machine. Throws when `signal` fires. */
export async function bootWatched(
  machine: Machine,
  place: Place & { onLine: (line: string) => void; log: string },
): Promise<void> {
  await makeLayers(machine, { growTo: 0, damage: [] }, place);
  const argv = [
    ...qemuArgv(machine, await acceleration()),
    '-monitor',
    'none',
    '-serial',
    'stdio',
    ...machine.serialFiles.flatMap(name => ['-serial', `file:${WORK}/${name}`]),
    '-no-reboot',
  ];
  await runProcess(placedArgv(argv, place, placing(machine)), {
    env: { PATH: place.environment.path },
    signal: place.signal,
    onLine: place.onLine,
    log: place.log,
    title: argv,
  });
}

/** The host's network only for QEMU's own. */
function placing(machine: Machine): Placing {
  return {
    binds: diskBinds(machine),
    network: machine.network === 'none' ? 'none' : 'host',
    rights: 'one',
    devices: ['/dev/kvm'],
  };
}
