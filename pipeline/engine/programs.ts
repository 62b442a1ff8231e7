/**
 * Where a program runs: on the host (only to make the first tools tree) or in a tree. Both show one host directory
 * under a name of their own, so that the callers need not know which of the two it is.
 */
import { fixedEnvironment, type Environment } from './environment.ts';
import { runProcess, type ProcessOptions } from './run.ts';
import { sandboxArgv } from './sandbox.ts';

export interface Programs {
  /** What the programs call the host directory `directory`. */
  place(directory: string): string;
  run(argv: readonly string[], options: ProgramOptions): Promise<string>;
}

export interface ProgramOptions extends Pick<ProcessOptions, 'onLine' | 'log' | 'signal'> {
  /** The one host directory the program may write. */
  directory: string;
  env?: Readonly<Record<string, string>>;
}

export function hostPrograms(environment: Environment): Programs {
  return {
    place: directory => directory,
    run: (argv, { env, directory: _, ...options }) =>
      runProcess(argv, { ...options, env: { ...fixedEnvironment(0), PATH: environment.path, ...environment.proxies, ...env } }),
  };
}

/** Programs of a tree, with the network: for apt, which fetches. */
export function treePrograms(tree: string, environment: Environment): Programs {
  return {
    place: () => '/mnt/work',
    run: (argv, { env, directory, ...options }) => {
      const sandbox = {
        tree,
        binds: [{ host: directory, inside: '/mnt/work', writable: true }],
        env: { ...fixedEnvironment(0), ...environment.proxies, ...env },
        cwd: '/mnt/work',
        network: true,
        identities: 'one',
        scratch: null,
      } as const;
      return runProcess(sandboxArgv(sandbox, argv, environment), { ...options, title: argv, env: { PATH: environment.path } });
    },
  };
}
