/** A machine to talk to: an image of the build under test, let in by a key on a seed disk. */
import { diskFile } from '../../pipeline/commands/image/disk-file.ts';
import type { GuestMachine, MachineRequest } from '../../pipeline/engine/machine/guest-machine.ts';
import { startMachine, type StartOptions } from '../../pipeline/engine/machine/start.ts';
import { testEnvironment } from './caisson.ts';
import type { Workplace } from './provisioned.ts';
import { vmTools } from './vm-tools.ts';

const HOSTNAME = 'buoy-7';

/** Boots `image`, a host path, with the seed disk `seed.vhdx` of the workplace, which holds its key `mate`. */
export async function startSeeded(
  place: Workplace,
  { image, cache, otherDisks = [] }: { image: string; cache: string; otherDisks?: string[] },
): Promise<GuestMachine> {
  return startMachine(await seededRequest(place, { image, otherDisks }), await startOptions(cache));
}

export async function startOptions(cache: string): Promise<StartOptions> {
  return { environment: testEnvironment(cache), tree: await vmTools(cache), signal: new AbortController().signal };
}

/** What startSeeded starts, for tests that want it otherwise; makes the seed disk. */
export async function seededRequest(
  { at, cli }: Workplace,
  { image, otherDisks = [] }: { image: string; otherDisks?: string[] },
): Promise<MachineRequest> {
  const seeded = await cli('seed', '--out', at('seed.vhdx'), '--hostname', HOSTNAME, '--ssh-key', at('mate.pub'));
  if (seeded.exitCode !== 0) throw new Error(`no seed disk: ${seeded.stderr}`);
  return {
    image: await diskFile(image),
    key: at('mate'),
    user: 'admin',
    memoryMiB: 1024,
    cpus: 2,
    tpm: false,
    otherDisks: await Promise.all([...otherDisks, at('seed.vhdx')].map(async each => diskFile(each))),
    credentials: {},
    scratch: at('machine'),
    growTo: 0,
    logWrites: false,
    firmware: { kind: 'open' },
    damage: [],
    login: true,
  };
}

/** The `name=value` lines that a script prints in the machine, run as root. */
export async function factsOf(machine: GuestMachine, script: string): Promise<Record<string, string>> {
  const { stdout } = await machine.sh(script);
  return Object.fromEntries(
    stdout.split('\n').flatMap(line => {
      const cut = line.indexOf('=');
      return cut === -1 ? [] : [[line.slice(0, cut), line.slice(cut + 1).trim()] as const];
    }),
  );
}
