/** Programs of the tools tree as stages run them: without network, with the named host folders and nothing else. */
import path from 'node:path';
import type { Artifact, BuildContext, RunOptions } from '../stages/stage.ts';
import { fixedEnvironment, type Environment } from './environment.ts';
import { runProcess } from './run.ts';
import { sandboxArgv, type Bind } from './sandbox.ts';

/** Where programs find their scratch folder, and what they read. */
export const WORK = '/mnt/work';
export const INPUTS = '/mnt/inputs';

export interface ToolOptions {
  environment: Environment;
  /** Host path of the tools tree. */
  tools: string;
  /** Host path of the scratch folder, WORK to the programs. */
  work: string;
  /** SOURCE_DATE_EPOCH. */
  epoch: number;
  signal: AbortSignal;
}

/** `log`: host path to which all output is appended; null for none. */
export function toolRunner(
  { environment, tools, work, epoch, signal }: ToolOptions,
  { binds, log }: { binds: readonly Bind[]; log: string | null },
): BuildContext['run'] {
  return async (program, args, options: RunOptions = {}) => {
    const sandbox = {
      tree: tools,
      binds: [{ host: work, inside: WORK, writable: true }, ...binds],
      env: { ...fixedEnvironment(epoch), ...options.env },
      cwd: WORK,
      network: false,
      identities: options.identities ?? 'one',
      devices: [],
    };
    return runProcess(sandboxArgv(sandbox, [program, ...args], environment), {
      env: { PATH: environment.path },
      signal,
      title: [program, ...args],
      ...(log === null ? {} : { log }),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.stdout === undefined ? {} : { stdoutFile: path.join(work, options.stdout) }),
      ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    });
  };
}

/** What a stage's builder needs, for one that runs outside of a build: makes the file `name` in the scratch folder. */
export function toolContext(
  options: ToolOptions,
  { name, inputs }: { name: string; inputs: Readonly<Record<string, Artifact>> },
): BuildContext {
  const binds = Object.entries(inputs).map(([input, artifact]) => ({
    host: artifact.path,
    inside: `${INPUTS}/${input}`,
    writable: false,
  }));
  const { epoch, signal, work } = options;
  return {
    inputs,
    epoch,
    signal,
    work,
    out: path.join(work, name),
    box: {
      work: WORK,
      out: `${WORK}/${name}`,
      inputs: Object.fromEntries(Object.keys(inputs).map(input => [input, `${INPUTS}/${input}`])),
      repository: `${WORK}/repository`,
    },
    packages: null,
    signer: null,
    run: toolRunner(options, { binds, log: null }),
    warn: () => undefined,
    progress: () => undefined,
  };
}
