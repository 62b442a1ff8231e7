/** show, boot: what was built, or will be. */
import type { Command } from 'commander';
import { boot } from '../commands/boot.ts';
import { show } from '../commands/show.ts';
import { outOption, positive } from './options.ts';
import type { Run } from './run.ts';

export function addLookingCommands(program: Command, run: Run): void {
  program
    .command('show')
    .description('draw the disk of a layout or an image to scale')
    .argument('<target>', 'a layout (name or file), an image file, or the name of an image that was built')
    .addOption(outOption())
    .option('--svg <file>', 'write the drawing as an SVG file instead; an older one is replaced')
    .addHelpText(
      'after',
      '\nExamples:\n  caisson show eflow\n  caisson show out/eflow/eflow.vhdx\n  caisson show eflow --svg docs/disk.svg',
    )
    .action((target: string, options: { out: string; svg?: string }, self: Command) =>
      run(self, context => show(context, { target, out: options.out, svg: options.svg ?? null })),
    );

  program
    .command('boot')
    .description('boot an image in QEMU with its console here; the image is never written')
    .argument('<image>', 'an image file, or the name of an image that was built')
    .addOption(outOption())
    .option('--memory <MiB>', 'memory of the machine', positive, 2048)
    .option('--cpus <n>', 'processors of the machine', positive, 2)
    .option('--no-network', 'give it no network card')
    .addHelpText('after', '\nExamples:\n  caisson boot eflow\n  caisson boot out/eflow/eflow.vhdx --memory 1024')
    .action((image: string, options: { out: string; memory: number; cpus: number; network: boolean }, self: Command) =>
      run(self, context =>
        boot(context, {
          image,
          out: options.out,
          memoryMiB: options.memory,
          cpus: options.cpus,
          network: options.network,
        }),
      ),
    );
}
