/** show, inspect, ls, cat, boot: what was built, or will be. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { boot } from '../commands/boot.ts';
import { cat } from '../commands/cat.ts';
import { inspect } from '../commands/inspect.ts';
import { ls } from '../commands/ls.ts';
import { show } from '../commands/show.ts';
import { outOption, port, positive } from './options.ts';
import type { Run } from './run.ts';

interface BootFlags {
  out: string;
  memory: number;
  cpus: number;
  network: boolean;
  sshPort?: number;
  tpm?: boolean;
  secureBoot?: string;
  seed?: string;
}

export function addLookingCommands(program: Command, run: Run, stdout: NodeJS.WritableStream): void {
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
    .command('inspect')
    .description('what stands in an image, by its own bytes, and what is wrong with it')
    .argument(
      '<target>',
      'an image file, the name of an image that was built, an update bundle, or an EFI program (PCR 11 of a UKI)',
    )
    .addOption(outOption())
    .addHelpText(
      'after',
      '\nThe image is never written. Exit code 1 when anything is wrong with it.\n\nExamples:\n  caisson inspect eflow\n  caisson inspect out/eflow/eflow.vhdx --json\n  caisson inspect slot.efi',
    )
    .action((target: string, options: { out: string }, self: Command) =>
      run(self, context => inspect(context, { target, out: options.out }), 'stderr'),
    );

  program
    .command('verify')
    .description('is a release as it was signed, and its image what it says of itself? Can it be made again?')
    .argument('<folder>', 'the folder of a release: OUT/NAME/VERSION')
    .option(
      '--trust <file>',
      'PEM certificate or public key of whoever signs (default: the one that the definition names)',
    )
    .option('--rebuild', 'build it once more, from its lock and the project here, and compare every byte')
    .option('--jobs <n>', 'steps of that which run at once', positive, Math.min(4, availableParallelism()))
    .addHelpText(
      'after',
      '\nNothing is written into the folder. Exit code 1 when anything is wrong with the release.\n\nExamples:\n  caisson verify out/eflow/2026.11.0 --trust release.crt\n  caisson verify out/eflow/2026.11.0 --rebuild\n  caisson verify out/eflow/2026.11.0 --json',
    )
    .action((folder: string, options: { trust?: string; rebuild?: boolean; jobs: number }, self: Command) =>
      run(
        self,
        async context => {
          // Only when it is asked for: its packages would cost every other start 90 ms.
          const { verify } = await import('../commands/verify.ts');
          return verify(context, {
            folder,
            trust: options.trust ?? null,
            rebuild: options.rebuild === true,
            jobs: options.jobs,
          });
        },
        'stderr',
      ),
    );

  program
    .command('ls')
    .description('the partitions of an image, or the files in one; nothing is mounted')
    .argument('<image>', 'an image file, or the name of an image that was built')
    .argument('[place]', 'PARTITION:PATH; the partition by name or number')
    .addOption(outOption())
    .option('-R, --recursive', 'everything below the folder too')
    .addHelpText(
      'after',
      '\nExamples:\n  caisson ls eflow\n  caisson ls eflow RootFSA:/etc\n  caisson ls out/eflow/eflow.vhdx Data: -R',
    )
    .action((image: string, place: string | undefined, options: { out: string; recursive?: boolean }, self: Command) =>
      run(
        self,
        context =>
          ls(context, { image, out: options.out, place: place ?? null, recursive: options.recursive === true }),
        'stderr',
      ),
    );

  program
    .command('cat')
    .description('the bytes of one file of an image; nothing is mounted')
    .argument('<image>', 'an image file, or the name of an image that was built')
    .argument('<place>', 'PARTITION:PATH; the partition by name or number')
    .addOption(outOption())
    .option('--to <file>', 'write them into this file')
    .addHelpText(
      'after',
      '\nExamples:\n  caisson cat eflow RootFSA:/etc/os-release\n  caisson cat eflow BootA:/EFI/caisson/slot.efi --to slot.efi',
    )
    .action((image: string, place: string, options: { out: string; to?: string }, self: Command) =>
      run(self, context => cat(context, { image, out: options.out, place, to: options.to ?? null, stdout }), 'stderr'),
    );

  program
    .command('boot')
    .description('boot an image in QEMU with its console here; the image is never written')
    .argument('<image>', 'an image file, or the name of an image that was built')
    .addOption(outOption())
    .option('--memory <MiB>', 'memory of the machine', positive, 2048)
    .option('--cpus <n>', 'processors of the machine', positive, 2)
    .option('--no-network', 'give it no network card')
    .option('--ssh-port <n>', 'port of 127.0.0.1 that leads to its port 22 (default: a free one)', port)
    .option('--tpm', 'give it a TPM 2.0, in software and empty')
    .option(
      '--secure-boot <dir>',
      'firmware that starts only what is signed: by the keys in DIR (`caisson keys new`), or `microsoft`',
    )
    .option('--seed <file>', 'attach a seed disk, as caisson seed makes')
    .addHelpText(
      'after',
      '\nExamples:\n  caisson boot eflow\n  caisson boot out/eflow/eflow.vhdx --memory 1024\n  caisson boot eflow --seed seed.raw --tpm\n  caisson boot secure --secure-boot keys\n\nFrom another terminal: caisson ssh',
    )
    .action((image: string, options: BootFlags, self: Command) =>
      run(self, context =>
        boot(context, {
          image,
          out: options.out,
          memoryMiB: options.memory,
          cpus: options.cpus,
          network: options.network,
          sshPort: options.sshPort ?? null,
          tpm: options.tpm === true,
          secureBoot: options.secureBoot ?? null,
          seed: options.seed ?? null,
        }),
      ),
    );
}
