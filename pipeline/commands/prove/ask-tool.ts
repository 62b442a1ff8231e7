/** A program of the tools tree whose end is an answer: it sees the scratch folder and nothing else of the host. */
import { fixedEnvironment, type Environment } from '../../engine/environment.ts';
import { captureProcess } from '../../engine/run.ts';
import { sandboxArgv } from '../../engine/sandbox.ts';

export interface ToolsOptions {
  /** Host path of the tools tree. */
  tools: string;
  environment: Environment;
  /** Host folder for copies; its maker removes it. */
  scratch: string;
  signal: AbortSignal;
}

/** Where the program sees the scratch folder; it is started there. */
export const WORK = '/mnt/work';

/** `variables` beside the fixed ones. */
export async function askTool(
  argv: readonly string[],
  { tools, environment, scratch, signal }: ToolsOptions,
  variables: Readonly<Record<string, string>>,
): ReturnType<typeof captureProcess> {
  const sandbox = {
    tree: tools,
    binds: [{ host: scratch, inside: WORK, writable: true }],
    env: { ...fixedEnvironment(0), ...variables },
    cwd: WORK,
    network: false,
    identities: 'one' as const,
    devices: [],
  };
  const process = { env: { PATH: environment.path }, signal, title: argv, input: '' };
  return captureProcess(sandboxArgv(sandbox, argv, environment), process);
}
