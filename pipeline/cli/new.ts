/** new: documents to begin with. */
import { Argument, type Command } from 'commander';
import { newDocument } from '../commands/new.ts';
import type { DocumentKind } from '../config/places.ts';
import { KINDS } from './options.ts';
import type { Run } from './run.ts';

export function addNewCommand(program: Command, run: Run): void {
  program
    .command('new')
    .description('begin an image, a layout, a manifest or an overlay tree: a file with comments, valid as it stands')
    .addArgument(new Argument('<kind>', 'what to begin').choices(KINDS))
    .argument('<name>', 'what it is called')
    .option('--from <document>', 'copy this one of the same kind, with all that it says written out')
    .addHelpText(
      'after',
      '\nWithout --from an image extends eflow, a manifest extends base, and a layout begins as that of eflow. Nothing that is\nthere is replaced. In an empty folder it makes a project: the documents that it does not have are those of Caisson.\n\nExamples:\n  caisson new image gateway\n  caisson new image gateway --from secure\n  caisson new layout gateway-disk --from large-log\n  caisson new manifest gateway\n  caisson new overlay gateway',
    )
    .action((kind: DocumentKind, name: string, options: { from?: string }, self: Command) =>
      run(self, context => newDocument(context, { kind, name, from: options.from ?? null })),
    );
}
