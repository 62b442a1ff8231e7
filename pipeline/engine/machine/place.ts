/** Where a machine and all that stands around it runs: programs of one tree, in the sandbox, on one folder. */
import { fixedEnvironment, type Environment } from '../environment.ts';
import { sandboxArgv, type Bind, type Sandbox } from '../sandbox.ts';

export interface Place {
  environment: Environment;
  /** Host path of the tree with QEMU, OVMF and the programs around them. */
  tree: string;
  /** Host folder for the machine's own files; WORK to the programs. */
  scratch: string;
  signal: AbortSignal;
}

export const WORK = '/mnt/work';

/** A network of our own; see namespace.ts. */
export interface Namespace {
  /** The argv that runs `argv` inside. */
  join(argv: readonly string[]): string[];
}

export interface Placing {
  binds: readonly Bind[];
  /** `none`; that of the host; or one of our own. */
  network: 'none' | 'host' | Namespace;
  /** Network programs that need raw sockets, or that change addresses; only in a network of our own. */
  rights: Extract<Sandbox['identities'], 'one' | 'joined'>;
  devices: readonly string[];
}

/** Nothing but the folder. */
export const ALONE: Placing = { binds: [], network: 'none', rights: 'one', devices: [] };

/** The argv that runs a program of the tree there. */
export function placedArgv(argv: readonly string[], place: Omit<Place, 'signal'>, placing: Placing): string[] {
  const { network } = placing;
  const own = typeof network === 'object';
  const sandbox: Sandbox = {
    tree: place.tree,
    binds: [{ host: place.scratch, inside: WORK, writable: true }, ...placing.binds],
    env: { ...fixedEnvironment(0), TMPDIR: WORK },
    cwd: WORK,
    network: network !== 'none',
    identities: placing.rights,
    devices: placing.devices,
  };
  const boxed = sandboxArgv(sandbox, argv, place.environment);
  return own ? network.join(boxed) : boxed;
}
