/** lock, mirror: which packages an image means, and those packages in a folder. */
import { Option, type Command } from 'commander';
import { lock } from '../commands/lock.ts';
import { mirror } from '../commands/mirror.ts';
import { imageArgument, mirrorOption } from './options.ts';
import type { Run } from './run.ts';

interface LockFlags {
  set: string[];
  update?: true | string[];
  diff?: boolean;
  offline?: boolean;
  mirror: string[];
}

export function addLockCommands(program: Command, run: Run): void {
  imageArgument(
    program.command('lock').description('write down the exact packages of an image, for all builds to come'),
  )
    .option('--update [package...]', 'take newer packages: these and what they need, or all when none is named')
    .option('--diff', 'say what would change, and write nothing')
    .addOption(new Option('--offline', 'take what the last build was told, and ask no mirror').conflicts('update'))
    .addOption(mirrorOption())
    .addHelpText(
      'after',
      '\nWrites rootfs-manifests/NAME.lock.yaml. With it, builds install exactly these packages or fail. A lock file that is\ncurrent stays as it is; a manifest that was changed gets what it asks now, and all else stays at its version.\n\nExamples:\n  caisson lock eflow\n  caisson lock eflow --update --diff\n  caisson lock eflow --update openssl curl\n  caisson lock eflow --offline          # what was just built',
    )
    .action((image: string, { set, update, diff, offline, mirror: mirrors }: LockFlags, self: Command) =>
      run(self, context =>
        lock(context, {
          image,
          sets: set,
          update: update === undefined ? 'none' : update === true ? 'all' : update,
          diff: diff === true,
          offline: offline === true,
          mirrors,
        }),
      ),
    );

  imageArgument(
    program
      .command('mirror')
      .description('put every package of a lock file into a folder that builds without a network'),
  )
    .argument('<dir>', 'folder to fill; what it has already is checked and kept')
    .option('--offline', 'ask no mirror for anything: packages come from the pool, or it fails')
    .addOption(mirrorOption())
    .addHelpText(
      'after',
      '\nFiles stand as on a mirror, with NAME.lock.yaml and SHA256SUMS. Served over http, the folder can be a mirror of the\nmanifest.\n\nExamples:\n  caisson mirror eflow /srv/mirror\n  caisson build eflow --mirror /srv/mirror --offline',
    )
    .action(
      (
        image: string,
        folder: string,
        { set, offline, mirror: mirrors }: Pick<LockFlags, 'set' | 'offline' | 'mirror'>,
        self: Command,
      ) => run(self, context => mirror(context, { image, sets: set, folder, offline: offline === true, mirrors })),
    );
}
