/** completion: the shell completes commands, options and names. */
import { Argument, type Command } from 'commander';
import { candidates } from '../commands/candidates.ts';
import { complete } from './complete.ts';
import { completionScript, SHELLS } from './completion-scripts.ts';
import type { Run } from './run.ts';

/** `start`: the argv that starts this Caisson. */
export function addCompletionCommands(program: Command, run: Run, start: readonly string[]): void {
  program
    .command('completion')
    .description('a script by which a shell completes commands, options and names')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      '\nCompletes a command that is called caisson: a link to dist/cli.js in a folder of PATH, or an alias.\n\nExamples:\n  source <(caisson completion bash)      # in ~/.bashrc\n  source <(caisson completion zsh)       # in ~/.zshrc, behind compinit\n  caisson completion fish | source       # in ~/.config/fish/config.fish',
    )
    .action((shell: (typeof SHELLS)[number], _: unknown, self: Command) =>
      run(self, async context => {
        context.print(completionScript(shell, start));
        return 0;
      }),
    );

  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[], _: unknown, self: Command) =>
      run(self, async context => {
        const found = await complete(program, words, (kind, project) => candidates(context, kind, project));
        const lines = found.candidates.map(({ value, description }) => `${value}\t${oneLine(description)}`);
        context.print(`${[...lines, `:${found.places}`].join('\n')}\n`);
        return 0;
      }),
    );
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
