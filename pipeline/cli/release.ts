/** release. */
import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { keySigner } from '../commands/signing/signing.ts';
import { LOCAL_BUILDER } from '../formats/provenance.ts';
import { containerOptions, imageArgument, mirrorOption, outOption, positive, type ImageOptions } from './options.ts';
import type { Run } from './run.ts';

type ReleaseFlags = ImageOptions & {
  version?: string;
  jobs: number;
  from: string[];
  offline?: boolean;
  mirror: string[];
  builder: string;
};

export function addReleaseCommand(program: Command, run: Run, caisson: string): void {
  containerOptions(
    imageArgument(program.command('release').description('build what leaves the house into OUT/NAME/VERSION/, signed')),
  )
    .option('--version <version>', 'version of the release (default: as the definition says)')
    .addOption(
      new Option(
        '--from <release>',
        'make the smaller update from this earlier release too: its folder, or its .raucb; may be repeated',
      )
        .argParser((value: string, all: string[]) => [...all, value])
        .default([], 'none'),
    )
    .option('--jobs <n>', 'steps that run at once', positive, Math.min(4, availableParallelism()))
    .option('--offline', 'ask no mirror for anything: packages come from the pool, or the release fails')
    .addOption(mirrorOption())
    .addOption(
      new Option('--builder <uri>', 'who answers for this machine, for the provenance')
        .argParser(absoluteUri)
        .default(LOCAL_BUILDER),
    )
    .addOption(outOption())
    .addHelpText(
      'after',
      '\nThe folder is there complete or not at all, and never replaced. It holds the containers, the update bundle (when\n`updates.signing` names a key), build.json, the lock file, the SBOM (CycloneDX), a list of\nall files of the root (mtree), the configuration of the kernel, the provenance (in-toto, SLSA 1), and SHA256SUMS, signed.\nWhich packages go into it says rootfs-manifests/NAME.lock.yaml. The key is `release` of the definition (docs/SIGNING.md).\n\nExamples:\n  caisson release eflow\n  caisson release eflow --version 2026.12.0 --from out/eflow/2026.11.0\n  caisson release eflow --version 2026.12.0 --offline\n  caisson release eflow --format vhdx,vhd --builder https://ci.example.com/images',
    )
    .action((image: string, options: ReleaseFlags, self: Command) =>
      run(
        self,
        async context => {
          // Only when it is asked for, as verify: they share the packages.
          const { release } = await import('../commands/release.ts');
          return release(context, {
            image,
            sets: options.set,
            version: options.version ?? null,
            formats: options.format,
            compress: options.compress,
            jobs: options.jobs,
            check: 'always',
            offline: options.offline === true,
            mirrors: options.mirror,
            from: options.from,
            builder: options.builder,
            out: options.out,
            signerOf: keySigner,
            caisson,
          });
        },
        'stderr',
      ),
    );
}

function absoluteUri(text: string): string {
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/.test(text))
    throw new InvalidArgumentError('It must be a URI, such as https://ci.example.com/images.');
  return text;
}
