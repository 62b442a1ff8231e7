/** The program with every command and option. It knows of the process only what it is told. */
import { Command } from 'commander';
import { addCacheCommands } from './cache.ts';
import { addCompletionCommands } from './completion.ts';
import { addDeployCommands } from './deploy.ts';
import { addDevCommand } from './dev.ts';
import { addDiffCommand } from './diff.ts';
import { addExplainCommand } from './explain.ts';
import { addKeysCommands } from './keys.ts';
import { addLockCommands } from './lock.ts';
import { addLookingCommands } from './look.ts';
import { addMachineCommands } from './machine.ts';
import { addMakingCommands } from './make.ts';
import { addNewCommand } from './new.ts';
import { addProveCommand } from './prove.ts';
import { addReleaseCommand } from './release.ts';
import type { Run } from './run.ts';

export interface ProgramOptions {
  version: string;
  argv: readonly string[];
  /** The argv that starts this Caisson. */
  start: readonly string[];
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WritableStream;
  /** SSH_AUTH_SOCK and TERM of the caller. */
  agent: string | undefined;
  term: string | undefined;
}

/** `run` gets what a command does, when its arguments were understood. Throws CommanderError where they were not. */
export function makeProgram(run: Run, { version, argv, start, stdin, stdout, agent, term }: ProgramOptions): Command {
  const program = new Command('caisson')
    .description('Turns YAML into a hardened, A/B-updatable, bit-reproducible Linux VM disk.')
    .option('--project <dir>', 'folder of the project (default: the nearest one at or above this folder)')
    .option('--json', 'results and events as JSON')
    .option('--plain', 'plain lines, no drawing, also in a terminal')
    .showHelpAfterError('(caisson COMMAND --help shows what there is)')
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 build or proof failed, 2 bad usage or configuration, 130 interrupted.',
    );

  // A release has a --version of its own, and the program would take that for one that asks for its own.
  if (!argv.includes('release')) program.version(version);

  addMakingCommands(program, run);
  addNewCommand(program, run);
  addDevCommand(program, run, { version, stdin });
  addReleaseCommand(program, run, version);
  addLockCommands(program, run);
  addLookingCommands(program, run, stdout);
  addDiffCommand(program, run);
  addDeployCommands(program, run);
  addExplainCommand(program, run);
  addKeysCommands(program, run);
  addProveCommand(program, run);
  addMachineCommands(program, run, { argv, agent, term });
  addCacheCommands(program, run);
  addCompletionCommands(program, run, start);
  return program;
}
