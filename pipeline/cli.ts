#!/usr/bin/env node
/** argv -> command -> exit code: the only place with process.exit, process.env and signals. */
import { readFileSync } from 'node:fs';
import { availableParallelism, homedir, userInfo } from 'node:os';
import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { boot } from './commands/boot.ts';
import { build } from './commands/build.ts';
import { listCache, pruneCache } from './commands/cache.ts';
import { verifyCache } from './commands/cache-verify.ts';
import { check, checkTheHost } from './commands/check.ts';
import { findProject, type CommandContext, type ExitCode } from './commands/context.ts';
import { showFailure } from './commands/failure.ts';
import { showPlan } from './commands/plan.ts';
import { COMPRESSIONS } from './commands/prepare.ts';
import { writeSchemas } from './commands/schema.ts';
import { show } from './commands/show.ts';
import type { Environment } from './engine/environment.ts';
import { createRenderer, type RendererKind } from './report/renderer.ts';
import { CONTAINER_FORMATS } from './stages/container.ts';

interface GlobalOptions {
  project?: string;
  json?: boolean;
  plain?: boolean;
}

const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
  .version;

// Modes of files we make are ours to say, not the caller's umask.
process.umask(0o022);

const program = new Command('caisson')
  .description('Turns YAML into a hardened, A/B-updatable, bit-reproducible Linux VM disk.')
  .version(VERSION)
  .option('--project <dir>', 'folder of the project (default: the nearest one at or above this folder)')
  .option('--json', 'results and events as JSON')
  .option('--plain', 'plain lines, no drawing, also in a terminal')
  .showHelpAfterError('(caisson COMMAND --help shows what there is)')
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 build or proof failed, 2 bad usage or configuration, 130 interrupted.',
  );

program
  .command('check')
  .description('report every fault of every document; builds nothing')
  .argument('[documents...]', 'images by name, or files; all documents of the project when left out')
  .option('--host', 'try what this machine must offer, and name the remedy for what is missing')
  .addHelpText('after', '\nExamples:\n  caisson check\n  caisson check eflow layouts/mine.yaml\n  caisson check --host')
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
        out: options.out,
        why: options.why ?? null,
      }),
    ),
  );

imageOptions(program.command('build').description('build an image into OUT/NAME/'))
  .option('--jobs <n>', 'steps that run at once', positive, Math.min(4, availableParallelism()))
  .option('--update', 'ask the mirrors for newer packages instead of reusing the recorded ones')
  .addOption(
    new Option('--offline', 'ask no mirror for anything: packages come from the pool, or the build fails').conflicts(
      'update',
    ),
  )
  .addHelpText(
    'after',
    '\nExamples:\n  caisson build eflow\n  caisson build eflow --update --set version=2026.12.0\n  caisson build eflow --offline\n  caisson build eflow --set layout=large-log --format vhdx,raw --out /srv/images\n  caisson build eflow --format vhd,qcow2 --compress zst',
  )
  .action(
    (image: string, options: ImageOptions & { jobs: number; update?: boolean; offline?: boolean }, self: Command) =>
      run(self, context =>
        build(context, {
          image,
          sets: options.set,
          formats: options.format,
          compress: options.compress,
          out: options.out,
          jobs: options.jobs,
          update: options.update === true,
          offline: options.offline === true,
        }),
      ),
  );

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
    new Option('--unneeded', 'remove what steps made that no definition here means today, and nothing else').conflicts(
      'days',
    ),
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

program
  .command('schema')
  .description('write the JSON Schemas of the documents, for editors')
  .option('--out <dir>', 'folder to write into', 'schema')
  .action((options: { out: string }, self: Command) => run(self, context => writeSchemas(context, options)));

interface ImageOptions {
  set: string[];
  format: string[];
  compress: (typeof COMPRESSIONS)[number];
  out: string;
}

function imageOptions(command: Command): Command {
  return command
    .argument('<image>', 'name of a definition in pipeline/, or its file')
    .option(
      '--set <path=value>',
      'change one value of the definition or (layout.…) its layout; may be repeated',
      (value: string, all: string[]) => [...all, value],
      [] as string[],
    )
    .option(
      '--format <list>',
      `containers to make: ${CONTAINER_FORMATS.join(', ')} (default: as the definition says)`,
      formats,
      [] as string[],
    )
    .addOption(
      new Option('--compress <how>', 'zst: make FILE.zst of each container too; FILE stays beside it')
        .choices(COMPRESSIONS)
        .default('none', 'only what the definition compresses'),
    )
    .addOption(outOption());
}

function outOption(): Option {
  return new Option('--out <dir>', 'output folder').default('out');
}

function formats(text: string): string[] {
  const all = text.split(',').map(each => each.trim());
  const unknown = all.find(each => !(CONTAINER_FORMATS as readonly string[]).includes(each));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`"${unknown}" is no format; there are ${CONTAINER_FORMATS.join(', ')}.`);
  return [...new Set(all)];
}

/** One or more. */
function positive(text: string): number {
  if (wholeNumber(text) === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return wholeNumber(text);
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

async function run(self: Command, work: (context: CommandContext) => Promise<ExitCode>): Promise<void> {
  const options = self.optsWithGlobals<GlobalOptions>();
  const abort = new AbortController();
  const stop = (): void => abort.abort(new Error('interrupted'));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  const json = options.json === true;
  const kind: RendererKind = json
    ? 'json'
    : options.plain === true || !process.stdout.isTTY || process.env.CI !== undefined
      ? 'plain'
      : 'tty';
  const renderer = createRenderer({ kind, stdout: process.stdout, stderr: process.stderr });
  const context: CommandContext = {
    environment: environment(),
    project: options.project === undefined ? await findProject(process.cwd()) : path.resolve(options.project),
    emit: renderer.emit,
    print: text => void process.stdout.write(text),
    json,
    color: process.stdout.isTTY && process.env.NO_COLOR === undefined && kind === 'tty',
    unicode: /utf-?8/i.test(process.env.LC_ALL ?? process.env.LC_CTYPE ?? process.env.LANG ?? ''),
    width: process.stdout.columns ?? null,
    signal: abort.signal,
  };
  try {
    process.exitCode = await work(context);
    await renderer.close();
  } catch (error) {
    await renderer.close(true);
    process.exitCode = await showFailure(error, {
      interrupted: abort.signal.aborted,
      json,
      color: process.stderr.isTTY,
      version: VERSION,
      write: text => void process.stderr.write(text),
    });
  }
}

/** A container may run us with a uid that nobody has given a name. */
function userName(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid);
  }
}

function environment(): Environment {
  const uid = process.getuid?.() ?? 0;
  const cacheHome = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap(name =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return {
    cache: path.resolve(process.env.CAISSON_CACHE || path.join(cacheHome, 'caisson')),
    root: process.geteuid?.() === 0,
    uid,
    user: userName(uid),
    path: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
    proxies: Object.fromEntries(proxies),
  };
}

// `caisson … | head`: whoever reads has had enough. The command goes on to its end and keeps its own exit code.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
