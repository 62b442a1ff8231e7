/** Programs of a tree that may use the network, with one host directory to work in: apt, which resolves and fetches. */
import { fixedEnvironment, type Environment } from './environment.ts';
import { runProcess, type ProcessOptions } from './run.ts';
import { sandboxArgv } from './sandbox.ts';

export interface Programs {
  run(argv: readonly string[], options: ProgramOptions): Promise<string>;
}

export interface ProgramOptions extends Pick<ProcessOptions, 'onLine' | 'log' | 'signal'> {
  /** The one host directory the program may write; it is WORKPLACE to the program. */
  directory: string;
  env?: Readonly<Record<string, string>>;
}

/** Where programs find their directory, whatever it is called on the host. */
export const WORKPLACE = '/mnt/work';

/** `tree` is a host path; `/` stands for the host itself, whose programs make the first tree. */
export function treePrograms(tree: string, environment: Environment): Programs {
  return {
    run: (argv, { env, directory, ...options }) => {
      const sandbox = {
        tree,
        binds: [{ host: directory, inside: WORKPLACE, writable: true }],
        env: { ...fixedEnvironment(0), ...environment.proxies, ...env },
        cwd: WORKPLACE,
        network: true,
        identities: 'one',
        devices: [],
      } as const;
      return runProcess(sandboxArgv(sandbox, argv, environment), {
        ...options,
        title: argv,
        env: { PATH: environment.path },
      });
    },
  };
}
