/** cache ls, prune, verify. */
import { Option, type Command } from 'commander';
import { listCache, pruneCache } from '../commands/cache.ts';
import { verifyCache } from '../commands/cache/verify.ts';
import { wholeNumber } from './options.ts';
import type { Run } from './run.ts';

export function addCacheCommands(program: Command, run: Run): void {
  const cache = program
    .command('cache')
    .description('what the cache holds')
    .addHelpText(
      'after',
      '\nExamples:\n  caisson cache ls\n  caisson cache prune --days 7\n  caisson cache prune --unneeded\n  caisson cache verify',
    );
  cache
    .command('ls')
    .description('list what is in the cache, with sizes, last use, and what needs it')
    .action((_: unknown, self: Command) => run(self, listCache));
  cache
    .command('prune')
    .description('remove what was not used for some days')
    .addOption(new Option('--days <n>', 'how long; 0 removes everything').argParser(wholeNumber).default(30))
    .addOption(
      new Option(
        '--unneeded',
        'remove what steps made that no definition here means today, and nothing else',
      ).conflicts('days'),
    )
    .action((options: { days: number; unneeded?: boolean }, self: Command) =>
      run(self, context => pruneCache(context, { days: options.days, unneeded: options.unneeded === true })),
    );
  cache
    .command('verify')
    .description('read all of the cache and remove what is damaged, so that it is made again')
    .option('--keep', 'only report')
    .action((options: { keep?: boolean }, self: Command) =>
      run(self, context => verifyCache(context, { keep: options.keep === true })),
    );
}
