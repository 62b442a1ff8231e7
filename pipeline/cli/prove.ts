/** prove: does an image keep what it promises? */
import { InvalidArgumentError, type Command } from 'commander';
import { UsageFault } from '../commands/context.ts';
import type { ProveOptions } from '../commands/prove.ts';
import { outOption } from './options.ts';
import type { Run } from './run.ts';

interface Options {
  out: string;
  only: string[];
  list?: boolean;
  report?: string;
  tamper?: number;
  seed?: number;
  boot?: number;
  secureBoot?: string;
}

export function addProveCommand(program: Command, run: Run): void {
  program
    .command('prove')
    .description('boot copies of an image and try every promise it makes')
    .argument('<image>', 'an image file, or the name of an image that was built')
    .addOption(outOption())
    .option('--only <names>', 'these claims alone, separated by commas', names, [])
    .option('--list', 'the claims of this image; boots nothing')
    .option('--report <dir>', 'folder for NAME.prove.json and NAME.prove.html (default: that of the image)')
    .option(
      '--secure-boot <dir>',
      'keys of the firmware, as `caisson keys new` makes them (default: those that an image with enforced verification needs)',
    )
    .option(
      '--tamper <n>',
      'instead: flip N random bits in each part of the image, one at a time; boots nothing',
      trials,
    )
    .option('--seed <s>', 'which bits those are (default: 1)', seed)
    .option('--boot <k>', 'boot K of these trials too', trials)
    .addHelpText(
      'after',
      '\nThe image is never written: copies are provisioned with keys of their own, and thrown away.\nExit code 0 when all is proven, 1 when a claim failed or could not be tried here.\n\nExamples:\n  caisson prove eflow\n  caisson prove out/eflow/eflow.vhdx --list\n  caisson prove eflow --only open-ports,ssh-rate-limit\n  caisson prove eflow --report /srv/reports --json\n  caisson prove eflow --tamper 200 --seed 7',
    )
    .action((image: string, options: Options, self: Command) =>
      run(
        self,
        async context => {
          // Only when it is asked for: every other start is 40 ms shorter without the claims.
          const { prove } = await import('../commands/prove.ts');
          return prove(context, {
            image,
            out: options.out,
            report: options.report ?? null,
            only: options.only,
            list: options.list === true,
            tamper: tamperOf(options),
            secureBoot: options.secureBoot ?? null,
          });
        },
        'stderr',
      ),
    );
}

function names(text: string, before: string[]): string[] {
  const all = text.split(',').map(each => each.trim());
  if (all.includes('')) throw new InvalidArgumentError('Name at least one claim; --list shows all.');
  return [...new Set([...before, ...all])];
}

/** Null without --tamper. Throws UsageFault for options that do not go together. */
function tamperOf({ tamper, seed, boot, only, list }: Options): ProveOptions['tamper'] {
  if (tamper === undefined) {
    if (seed === undefined && boot === undefined) return null;
    throw new UsageFault('--seed and --boot are for --tamper', 'say how many bits to flip: --tamper N');
  }
  if (only.length > 0 || list === true)
    throw new UsageFault('--tamper tries no claims', 'leave out --only and --list, or --tamper');
  return { trials: tamper, seed: seed ?? 1, boot: boot ?? 0 };
}

function trials(text: string): number {
  const number = /^[0-9]{1,7}$/.test(text) ? Number(text) : 0;
  if (number === 0) throw new InvalidArgumentError('It is a number from 1 to 9999999.');
  return number;
}

function seed(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('It is a number of at most 15 digits.');
  return Number(text);
}
