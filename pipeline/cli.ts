#!/usr/bin/env node
/** argv -> command -> exit code: the only place with process.exit, process.env and signals. */
import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { addCacheCommands } from './cli/cache.ts';
import { addDeployCommands } from './cli/deploy.ts';
import { addDiffCommand } from './cli/diff.ts';
import { addKeysCommands } from './cli/keys.ts';
import { addLockCommands } from './cli/lock.ts';
import { addLookingCommands } from './cli/look.ts';
import { addMachineCommands } from './cli/machine.ts';
import { addMakingCommands } from './cli/make.ts';
import { addProveCommand } from './cli/prove.ts';
import { addReleaseCommand } from './cli/release.ts';
import { findProject, type CommandContext, type ExitCode, type RemoteExit } from './commands/context.ts';
import { showFailure } from './commands/failure.ts';
import type { Environment } from './engine/environment.ts';
import { createRenderer, type RendererKind } from './report/renderer.ts';

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
  .option('--project <dir>', 'folder of the project (default: the nearest one at or above this folder)')
  .option('--json', 'results and events as JSON')
  .option('--plain', 'plain lines, no drawing, also in a terminal')
  .showHelpAfterError('(caisson COMMAND --help shows what there is)')
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 build or proof failed, 2 bad usage or configuration, 130 interrupted.',
  );

// A release has a --version of its own, and the program would take that for one that asks for its own.
if (!process.argv.includes('release')) program.version(VERSION);

addMakingCommands(program, run);
addReleaseCommand(program, run, VERSION);
addLockCommands(program, run);
addLookingCommands(program, run, process.stdout);
addDiffCommand(program, run);
addDeployCommands(program, run);
addKeysCommands(program, run);
addProveCommand(program, run);
addMachineCommands(program, run, { argv: process.argv, agent: process.env.SSH_AUTH_SOCK, term: process.env.TERM });
addCacheCommands(program, run);

async function run(
  self: Command,
  work: (context: CommandContext) => Promise<ExitCode | RemoteExit>,
  events: 'stdout' | 'stderr' = 'stdout',
): Promise<void> {
  const options = self.optsWithGlobals<GlobalOptions>();
  const abort = new AbortController();
  const stop = (): void => abort.abort(new Error('interrupted'));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  const json = options.json === true;
  const kind: RendererKind = json
    ? 'json'
    : options.plain === true || !process[events].isTTY || process.env.CI !== undefined
      ? 'plain'
      : 'tty';
  const renderer = createRenderer({ kind, stdout: process[events], stderr: process.stderr });
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
    const code = await work(context);
    process.exitCode = typeof code === 'number' ? code : code.remote;
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
    inherited: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    ),
  };
}

// `caisson … | head`: whoever reads has had enough. The command goes on to its end and keeps its own exit code.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
  process.exit(1);
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
