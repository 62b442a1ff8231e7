/** ssh: into a machine that runs. */
import type { Command } from 'commander';
import { UsageFault } from '../commands/context.ts';
import { ssh } from '../commands/ssh.ts';
import type { Run } from './run.ts';

/** What only the process knows. */
export interface Caller {
  argv: readonly string[];
  agent: string | undefined;
  term: string | undefined;
}

export function addMachineCommands(program: Command, run: Run, { argv, agent, term }: Caller): void {
  program
    .command('ssh')
    .description('log in to a machine that caisson boot runs, or run one command in it')
    .argument('[image]', 'name or file of the booted image, when there are several')
    .argument('[command...]', 'behind --: a command to run there instead of a shell')
    .option('-i, --identity <file>', 'private key (default: IMAGE.key beside the image, else the SSH agent)')
    .option('--user <name>', 'who to log in as (default: the user that the image declares)')
    .addHelpText(
      'after',
      '\nThe host key must be one that the machine told on its console. The exit code is that of the command there.\n\nExamples:\n  caisson ssh\n  caisson ssh eflow -i id_ed25519\n  caisson ssh -- sudo journalctl --boot',
    )
    .action(
      (_image: string | undefined, _command: string[], options: { identity?: string; user?: string }, self: Command) =>
        run(
          self,
          context => {
            const { image, command } = splitAtDashes(self.args, argv);
            return ssh(context, {
              image,
              key: options.identity ?? null,
              user: options.user ?? null,
              command,
              agent: agent ?? null,
              term: term ?? null,
            });
          },
          'stderr',
        ),
    );
}

/** What stands before `--` and what behind it: commander hands over both in one list. */
export function splitAtDashes(
  args: readonly string[],
  argv: readonly string[],
): { image: string | null; command: string[] } {
  const dashes = argv.indexOf('--');
  const behind = dashes === -1 ? 0 : argv.length - dashes - 1;
  const before = args.slice(0, args.length - behind);
  if (before.length > 1)
    throw new UsageFault(
      `"${before[1]}" stands behind the image`,
      `a command for the machine stands behind --: caisson ssh ${before[0]} -- ${before.slice(1).join(' ')}`,
    );
  return { image: before[0] ?? null, command: args.slice(args.length - behind) };
}
