/** explain: the keys of the YAML files. */
import { Option, type Command } from 'commander';
import { explain } from '../commands/explain.ts';
import type { DocumentKey } from '../formats/document-key.ts';
import { KINDS } from './options.ts';
import type { Run } from './run.ts';

export function addExplainCommand(program: Command, run: Run): void {
  program
    .command('explain')
    .description('what a key of the YAML files means: its form, its default, an example')
    .argument('[key]', 'a path (partitions.size, uki.cmdline) or a name (reserve); all keys when left out')
    .addOption(new Option('--kind <kind>', 'of this kind of document alone').choices(KINDS))
    .option('--markdown', 'as Markdown; of all keys it is docs/REFERENCE.md')
    .addHelpText(
      'after',
      '\nWhere several documents have a key of that name, all are listed; put the kind in front: layout.size.\n\nExamples:\n  caisson explain\n  caisson explain reserve\n  caisson explain firewall.allow\n  caisson explain image.ssh\n  caisson explain uki.cmdline --json',
    )
    .action((key: string | undefined, options: { kind?: DocumentKey['kind']; markdown?: boolean }, self: Command) =>
      run(self, async context =>
        explain(context, { key: key ?? null, kind: options.kind ?? null, markdown: options.markdown === true }),
      ),
    );
}
