#!/usr/bin/env node
/** argv -> command -> exit code: the only place with process.exit, process.env and signals. */
import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { CommanderError, type Command } from 'commander';
import { makeProgram } from './cli/program.ts';
import { findProject, type CommandContext, type ExitCode, type RemoteExit } from './commands/context.ts';
import { showFailure } from './commands/failure.ts';
import type { Environment } from './engine/environment.ts';
import { createRenderer, type RendererKind } from './report/renderer.ts';

interface GlobalOptions {
  project?: string;
  json?: boolean;
  plain?: boolean;
}

/** The folder above pipeline/ or dist/. */
const HOME = path.resolve(import.meta.dirname, '..');

const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
  .version;

// Modes of files we make are ours to say, not the caller's umask.
process.umask(0o022);

const program = makeProgram(run, {
  version: VERSION,
  argv: process.argv,
  start: [process.execPath, process.argv[1] ?? ''],
  stdin: process.stdin,
  stdout: process.stdout,
  agent: process.env.SSH_AUTH_SOCK,
  term: process.env.TERM,
});

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
    home: HOME,
    emit: renderer.emit,
    settle: renderer.settle,
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
