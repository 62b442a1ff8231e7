/** What a command line needs to run its command: cli.ts has it. */
import type { Command } from 'commander';
import type { CommandContext, ExitCode, RemoteExit } from '../commands/context.ts';

/**
 * Runs `work` with the options that stand before or behind the command's name, and sets the exit code. `events` names
 * the stream of what happens meanwhile: stderr for commands whose stdout is for programs.
 */
export type Run = (
  self: Command,
  work: (context: CommandContext) => Promise<ExitCode | RemoteExit>,
  events?: 'stdout' | 'stderr',
) => Promise<void>;
