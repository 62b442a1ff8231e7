/** check, plan, build, schema: from documents to images. */
import { availableParallelism } from 'node:os';
import { Option, type Command } from 'commander';
import { attachSignatures } from '../commands/attach-signatures.ts';
import { build, type BuildOptions } from '../commands/build.ts';
import { bundleFrom } from '../commands/bundle.ts';
import { check, checkTheHost } from '../commands/check.ts';
import { exportRequests } from '../commands/signing/export-requests.ts';
import { showPlan } from '../commands/plan.ts';
import { writeSchemas } from '../commands/schema.ts';
import { keySigner } from '../commands/signing/signing.ts';
import { imageArgument, imageOptions, mirrorOption, outOption, positive, type ImageOptions } from './options.ts';
import type { Run } from './run.ts';

export function addMakingCommands(program: Command, run: Run): void {
  program
    .command('check')
    .description('report every fault of every document; builds nothing')
    .argument('[documents...]', 'images by name, or files; all documents of the project when left out')
    .option('--host', 'try what this machine must offer, and name the remedy for what is missing')
    .addHelpText(
      'after',
      '\nExamples:\n  caisson check\n  caisson check eflow layouts/mine.yaml\n  caisson check --host',
    )
    .action((documents: string[], options: { host?: boolean }, self: Command) =>
      run(self, context => (options.host === true ? checkTheHost(context) : check(context, documents))),
    );

  imageOptions(program.command('plan').description('the steps of an image, their keys, and what is cached'))
    .option('--why <step>', 'what changed since this step was last built, with the old and the new value')
    .addHelpText(
      'after',
      '\nExamples:\n  caisson plan eflow\n  caisson plan eflow --why root\n  caisson plan eflow --set layout=large-log --json',
    )
    .action((image: string, options: ImageOptions & { why?: string }, self: Command) =>
      run(self, context =>
        showPlan(context, {
          image,
          sets: options.set,
          formats: options.format,
          compress: options.compress,
          bundle: options.bundle === true,
          out: options.out,
          why: options.why ?? null,
        }),
      ),
    );

  buildOptions(
    imageOptions(
      program.command('build').description('build an image into OUT/NAME/, with build.json and report.html about it'),
    ),
  )
    .option(
      '--unsigned <dir>',
      'stop before the signatures: write what must be signed, and how, into a new folder DIR; needs no key',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  caisson build eflow\n  caisson build eflow --update --set version=2026.12.0\n  caisson build eflow --offline\n  caisson build eflow --set layout=large-log --format vhdx,raw --out /srv/images\n  caisson build eflow --format vhd,qcow2 --compress zst\n  caisson build secure --unsigned to-sign\n  caisson build eflow --bundle',
    )
    .action((image: string, { unsigned, ...options }: BuildFlags & { unsigned?: string }, self: Command) =>
      run(self, context => {
        const wanted = { ...wantedBuild(image, options), signerOf: keySigner };
        return unsigned === undefined
          ? build(context, wanted)
          : exportRequests(context, { ...wanted, requests: unsigned });
      }),
    );

  addBundleCommand(program, run);

  buildOptions(
    imageOptions(
      program
        .command('attach-signatures')
        .description('finish an image with signatures that were made elsewhere; the same bytes as with the key here'),
    ).argument('<dir>', 'folder that `build --unsigned` made, signed with its sign.sh'),
  )
    .addHelpText(
      'after',
      '\nThe certificate is the one that the definition names. Give the options of the build that exported the requests.\n\nExamples:\n  caisson build secure --unsigned to-sign\n  to-sign/sign.sh db.crt db.key          # where the key is\n  caisson attach-signatures secure to-sign',
    )
    .action((image: string, requests: string, options: BuildFlags, self: Command) =>
      run(self, context => attachSignatures(context, { ...wantedBuild(image, options), requests })),
    );

  program
    .command('schema')
    .description('write the JSON Schemas of the documents, for editors')
    .option('--out <dir>', 'folder to write into', 'schema')
    .action((options: { out: string }, self: Command) => run(self, context => writeSchemas(context, options)));
}

function addBundleCommand(program: Command, run: Run): void {
  imageArgument(program.command('bundle').description('a smaller update, for machines on which one release runs'))
    .requiredOption('--from <bundle>', 'the full .raucb of that release, as its build left it')
    .addOption(outOption())
    .addHelpText(
      'after',
      '\nMakes OUT/NAME/NAME-VERSION-from-OLD.raucb of the two full bundles. Put it where the full one is: a machine on which\nsomething else runs takes that.\n\nExamples:\n  caisson build eflow --bundle\n  caisson bundle eflow --from archive/eflow-2026.10.0.raucb',
    )
    .action((image: string, { set, from, out }: { set: string[]; from: string; out: string }, self: Command) =>
      run(self, context => bundleFrom(context, { image, sets: set, from, out })),
    );
}

type BuildFlags = ImageOptions & { jobs: number; update?: boolean; offline?: boolean; mirror: string[] };

function buildOptions(command: Command): Command {
  return command
    .option('--jobs <n>', 'steps that run at once', positive, Math.min(4, availableParallelism()))
    .option('--update', 'ask the mirrors for newer packages instead of reusing the recorded ones')
    .addOption(
      new Option('--offline', 'ask no mirror for anything: packages come from the pool, or the build fails').conflicts(
        'update',
      ),
    )
    .addOption(mirrorOption());
}

function wantedBuild(image: string, options: BuildFlags): Omit<BuildOptions, 'signerOf'> {
  return {
    image,
    sets: options.set,
    formats: options.format,
    compress: options.compress,
    bundle: options.bundle === true,
    out: options.out,
    jobs: options.jobs,
    check: 'always',
    update: options.update === true,
    offline: options.offline === true,
    mirrors: options.mirror,
  };
}
