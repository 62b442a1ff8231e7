/** prove: does an image keep what it promises? */
import { InvalidArgumentError, type Command } from 'commander';
import { prove } from '../commands/prove.ts';
import { outOption } from './options.ts';
import type { Run } from './run.ts';

export function addProveCommand(program: Command, run: Run): void {
  program
    .command('prove')
    .description('boot copies of an image and try every promise it makes')
    .argument('<image>', 'an image file, or the name of an image that was built')
    .addOption(outOption())
    .option('--only <names>', 'these claims alone, separated by commas', names, [])
    .option('--list', 'the claims of this image; boots nothing')
    .option('--report <dir>', 'folder for NAME.prove.json and NAME.prove.html (default: that of the image)')
    .addHelpText(
      'after',
      '\nThe image is never written: copies are provisioned with keys of their own, and thrown away.\nExit code 0 when all is proven, 1 when a claim failed or could not be tried here.\n\nExamples:\n  caisson prove eflow\n  caisson prove out/eflow/eflow.vhdx --list\n  caisson prove eflow --only open-ports,ssh-rate-limit\n  caisson prove eflow --report /srv/reports --json',
    )
    .action((image: string, options: { out: string; only: string[]; list?: boolean; report?: string }, self: Command) =>
      run(
        self,
        context =>
          prove(context, {
            image,
            out: options.out,
            report: options.report ?? null,
            only: options.only,
            list: options.list === true,
          }),
        'stderr',
      ),
    );
}

function names(text: string, before: string[]): string[] {
  const all = text.split(',').map(each => each.trim());
  if (all.includes('')) throw new InvalidArgumentError('Name at least one claim; --list shows all.');
  return [...new Set([...before, ...all])];
}
