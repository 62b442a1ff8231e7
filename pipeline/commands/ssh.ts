/** caisson ssh: a shell, or one command, in a machine that `caisson boot` runs. */
import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeScratch, withCache } from '../engine/cache.ts';
import { fixedEnvironment } from '../engine/environment.ts';
import { WORK } from '../engine/machine/place.ts';
import { runningMachines, type RunningMachine } from '../engine/machine/running.ts';
import { KEY, KNOWN_HOSTS, knownHosts, sshArgv } from '../engine/machine/ssh.ts';
import { ProcessFailure, runInteractive } from '../engine/run.ts';
import { terminalArgv, type Bind } from '../engine/sandbox.ts';
import { UsageFault, type CommandContext, type RemoteExit } from './context.ts';

export interface SshCommandOptions {
  /** Name or file of a booted image; null for the only one. */
  image: string | null;
  /** File of a private key; null for that beside the image, else those of the agent. */
  key: string | null;
  /** Null for the one that the image declares. */
  user: string | null;
  /** Empty for a shell. */
  command: readonly string[];
  /** Socket of the user's SSH agent; null without one. */
  agent: string | null;
  /** Kind of the user's terminal, for the shell there. */
  term: string | null;
}

const AGENT = '/mnt/agent';

/** The exit code is that of the command there; 255 when ssh itself failed, which then said why. */
export async function ssh(context: CommandContext, options: SshCommandOptions): Promise<RemoteExit> {
  const machine = chosen(await runningMachines(context.environment), options.image);
  const { port, user } = reachable(machine, options.user);
  const key = await keyFile(machine, options);
  return withCache(context, async () => {
    const scratch = await makeScratch(context.environment, 'ssh');
    try {
      await writeFile(path.join(scratch, KNOWN_HOSTS), knownHosts(machine.hostKeys));
      return await connect(context, { ...options, machine, port, user, key, scratch });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}

/** Throws UsageFault unless exactly one is meant. */
export function chosen(machines: readonly RunningMachine[], wanted: string | null): RunningMachine {
  const meant = machines.filter(each => wanted === null || each.name === wanted || each.image === path.resolve(wanted));
  const [machine, other] = meant;
  const told = (of: readonly RunningMachine[]): string => of.map(each => `${each.name} (${each.image})`).join(', ');
  if (machine === undefined)
    throw new UsageFault(
      wanted === null || machines.length === 0
        ? 'no machine runs'
        : `no machine of ${wanted} runs; there are ${told(machines)}`,
      `start one in another terminal: caisson boot ${wanted ?? 'IMAGE'}`,
    );
  if (other !== undefined)
    throw new UsageFault(
      `${meant.length} machines run: ${told(meant)}`,
      'name one, by its name or its file: caisson ssh IMAGE',
    );
  return machine;
}

/** Throws UsageFault for a machine that cannot be reached, or not yet. */
export function reachable(
  { name, state, port, user: declared }: RunningMachine,
  asked: string | null,
): { port: number; user: string } {
  if (port === null) throw new UsageFault(`${name} runs without a network`, 'boot it without --no-network');
  if (state === 'booting')
    throw new UsageFault(`${name} is not ready yet`, 'its console says "caisson: ready" when it is; try again then');
  if (state === 'closed')
    throw new UsageFault(
      `${name} lets nobody in over TCP, as its console says`,
      'caisson provision makes a copy with a key; an image with `transport: vsock` is reached from its host alone',
    );
  const user = asked ?? declared;
  if (user === null) throw new UsageFault(`${name} does not say who may log in`, 'name the user: --user NAME');
  return { port, user };
}

/** Null: the agent's keys. */
async function keyFile({ image }: RunningMachine, { key, agent }: SshCommandOptions): Promise<string | null> {
  const there = async (file: string): Promise<boolean> => (await stat(file).catch(() => null))?.isFile() === true;
  if (key !== null) {
    if (await there(key)) return path.resolve(key);
    throw new UsageFault(`there is no key file ${key}`, 'name a private key: -i FILE');
  }
  const { dir, name } = path.parse(image);
  const beside = [`${image}.key`, path.join(dir, `${name}.key`)];
  for (const file of beside) if (await there(file)) return file;
  if (agent !== null) return null;
  throw new UsageFault(
    `there is no key to log in with: neither ${beside.join(' nor ')}, nor an SSH agent`,
    'name the private key whose public half the image was given: -i FILE',
  );
}

interface Connection extends SshCommandOptions {
  machine: RunningMachine;
  port: number;
  user: string;
  scratch: string;
}

async function connect({ environment, signal }: CommandContext, connection: Connection): Promise<RemoteExit> {
  const { machine, port, user, key, agent, scratch, command, term } = connection;
  const binds: Bind[] = [
    { host: scratch, inside: WORK, writable: true },
    ...(key === null ? [] : [{ host: key, inside: KEY, writable: false }]),
    ...(agent === null ? [] : [{ host: path.resolve(agent), inside: AGENT, writable: true }]),
  ];
  const env = {
    ...fixedEnvironment(0),
    ...(agent === null ? {} : { SSH_AUTH_SOCK: AGENT }),
    ...(term === null ? {} : { TERM: term }),
  };
  const sandbox = { tree: machine.tree, binds, env, cwd: WORK, network: true, identities: 'one', devices: [] } as const;
  // Without a key of its own ssh offers what the agent has.
  const extra = key === null ? ['-o', 'IdentitiesOnly=no'] : [];
  const target = { user, address: '127.0.0.1', port, source: null };
  const argv = [...sshArgv(target, { key: key !== null, certificate: false, extra }), ...more(command)];
  try {
    await runInteractive(terminalArgv(sandbox, argv, environment), {
      env: { PATH: environment.path },
      signal,
      title: argv,
    });
    return { remote: 0 };
  } catch (error) {
    if (error instanceof ProcessFailure && error.exitCode !== null) return { remote: error.exitCode };
    throw error;
  }
}

function more(command: readonly string[]): string[] {
  return command.length === 0 ? [] : ['--', ...command];
}
