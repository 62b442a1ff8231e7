/** diff: what two images have that the other has not. */
import type { Command } from 'commander';
import { diff } from '../commands/diff.ts';
import { outOption } from './options.ts';
import type { Run } from './run.ts';

interface DiffFlags {
  out: string;
  markdown?: string;
  html?: string;
  exitCode?: boolean;
}

export function addDiffCommand(program: Command, run: Run): void {
  program
    .command('diff')
    .description('what two images, releases or lock files have that the other has not; nothing is mounted or written')
    .argument('<old>', 'an image file, the name of an image that was built, the folder of a release, or a lock file')
    .argument('<new>', 'the same kind of thing')
    .addOption(outOption())
    .option('--markdown <file>', 'write it as Markdown, for release notes, into a new file; - for stdout')
    .option('--html <file>', 'write it as one HTML page into a new file')
    .option('--exit-code', 'exit code 1 when they differ')
    .addHelpText(
      'after',
      '\nPackages, files, setuid files, units, firewall, kernel, command lines, users, sizes. Exit code 0 also when they differ,\nunless --exit-code is given. Packages come from build.json beside the image, or from the lock files.\n\nExamples:\n  caisson diff out/eflow/2026.10.0 out/eflow/2026.11.0 --markdown notes.md --html diff.html\n  caisson diff archive/eflow.vhdx eflow\n  caisson diff archive/eflow.lock.yaml rootfs-manifests/eflow.lock.yaml --exit-code',
    )
    .action((old: string, next: string, options: DiffFlags, self: Command) =>
      run(
        self,
        context =>
          diff(context, {
            old,
            new: next,
            out: options.out,
            markdown: options.markdown ?? null,
            html: options.html ?? null,
            exitCode: options.exitCode === true,
          }),
        'stderr',
      ),
    );
}
