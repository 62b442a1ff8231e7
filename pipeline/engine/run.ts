/** The one door for processes: argv arrays, a fixed environment, stdin closed, cancellable, logged. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { execa, type ExecaError, type Options } from 'execa';

export interface ProcessOptions {
  /** The whole environment of the child; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  signal: AbortSignal;
  cwd?: string;
  /** Host path read as stdin. */
  stdin?: string;
  /** Host path that receives stdout instead of the result. */
  stdoutFile?: string;
  /** Host path to which stdout and stderr are appended; none when absent. */
  log?: string;
  onLine?: (line: string) => void;
  /** What a person would call the program, when argv starts with a sandbox. */
  title?: readonly string[];
}

/** A program that ended badly; carries all that a person needs to see why and to try again by hand. */
export class ProcessFailure extends Error {
  readonly command: readonly string[];
  readonly argv: readonly string[];
  readonly exitCode: number | null;
  readonly killedBy: string | null;
  /** The last lines of its output. */
  readonly output: readonly string[];
  readonly log: string | null;

  constructor(command: readonly string[], argv: readonly string[], failure: ExecaError, log: string | null) {
    const unstarted = failure.exitCode === undefined && failure.signal === undefined;
    const how = unstarted
      ? `could not be started (${failure.code ?? 'unknown cause'})`
      : failure.exitCode === undefined
        ? `was ended by ${failure.signal}`
        : `ended with exit code ${failure.exitCode}`;
    super(`${command[0] ?? ''} ${how}`);
    this.name = 'ProcessFailure';
    this.command = command;
    this.argv = argv;
    this.exitCode = failure.exitCode ?? null;
    this.killedBy = failure.signal ?? null;
    const text = unstarted ? (failure.originalMessage ?? '') : typeof failure.all === 'string' ? failure.all : '';
    this.output = text
      .split('\n')
      .filter(line => line.trim() !== '')
      .slice(-20);
    this.log = log;
  }
}

/**
 * Runs a program to its end and returns its stdout (empty when it went to a file).
 * Throws ProcessFailure on any other end than exit code 0, and the reason of `signal` when that fired: then the program
 * and all it started have ended.
 */
export async function runProcess(argv: readonly string[], options: ProcessOptions): Promise<string> {
  const { env, signal, cwd, stdin, stdoutFile, log, onLine } = options;
  signal.throwIfAborted();
  const [file = '', ...args] = argv;
  // The program writes there itself: what goes through us and nobody reads would stop it after 64 KiB.
  const output = stdoutFile === undefined ? null : await open(stdoutFile, 'w');
  const settings = {
    env: { ...env },
    extendEnv: false,
    // A process group of its own, so that what it starts can be ended with it.
    detached: true,
    all: true,
    buffer: { stdout: stdoutFile === undefined, all: true },
    maxBuffer: { stdout: 64 * 2 ** 20, stderr: 16 * 2 ** 20, all: 64 * 2 ** 20 },
    stdin: stdin === undefined ? 'ignore' : { file: stdin },
    // execa takes any descriptor; its types know the first three.
    stdout: output === null ? 'pipe' : (output.fd as 1),
    ...(cwd === undefined ? {} : { cwd }),
  } satisfies Options;
  const child = execa(file, args, settings);
  const logged = log === undefined ? null : createWriteStream(log, { flags: 'a' });
  // A full disk shows where the program itself meets it; the log alone is no reason to fail, nor to stop reading.
  logged?.on('error', () => child.all?.resume());
  if (logged !== null) child.all?.pipe(logged);
  if (onLine !== undefined) followLines(child.all, onLine);
  const stop = groupStopper(child.pid);
  signal.addEventListener('abort', stop.begin);
  try {
    const result = await child;
    signal.throwIfAborted();
    return typeof result.stdout === 'string' ? result.stdout : '';
  } catch (error) {
    signal.throwIfAborted();
    throw new ProcessFailure(options.title ?? argv, argv, error as ExecaError, log ?? null);
  } finally {
    signal.removeEventListener('abort', stop.begin);
    stop.end();
    await output?.close();
    if (logged !== null) {
      logged.end();
      await finished(logged).catch(() => undefined);
    }
  }
}

/** What a program said and how it ended. */
export interface Captured {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end, whatever exit code that is; `input` is its stdin. Throws ProcessFailure when it did not
 * start or was killed, and the reason of `signal` when that fired.
 */
export async function captureProcess(
  argv: readonly string[],
  { env, signal, title, input }: Pick<ProcessOptions, 'env' | 'signal' | 'title'> & { input: string },
): Promise<Captured> {
  signal.throwIfAborted();
  const [file = '', ...args] = argv;
  const settings = { env: { ...env }, extendEnv: false, detached: true, all: true, maxBuffer: 64 * 2 ** 20 } as const;
  // Not `stripFinalNewline`: what a file holds is compared byte by byte.
  const child = execa(file, args, { ...settings, input, reject: false, stripFinalNewline: false });
  const stop = groupStopper(child.pid);
  const abort = (): void => {
    stop.begin();
    // ssh hands its own ends of these to the master of its connection, which lives on.
    for (const stream of [child.stdout, child.stderr, child.all]) stream.destroy();
  };
  signal.addEventListener('abort', abort);
  try {
    const result = await child;
    signal.throwIfAborted();
    if (result.exitCode === undefined) throw new ProcessFailure(title ?? argv, argv, result as ExecaError, null);
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  } finally {
    signal.removeEventListener('abort', abort);
    stop.end();
  }
}

/** A program that runs until the end of its stdin. */
export interface HeldProcess {
  /** Rejects with ProcessFailure when it ended badly before `end`. */
  ended: Promise<void>;
  /** Puts text on its stdin. */
  write(text: string): void;
  /** Closes its stdin and returns when it has ended. */
  end(): Promise<void>;
  /** Asks it to end, and kills it when it does not: for one that does not read its stdin yet. */
  stop(): void;
  /** Kills it at once: it can write nothing any more. */
  kill(): void;
}

/** Starts a program and leaves it running; it ends with this process at the latest, because its stdin does. */
export function holdProcess(
  argv: readonly string[],
  { env, cwd, onLine, title }: Pick<ProcessOptions, 'env' | 'cwd' | 'title'> & { onLine: (line: string) => void },
): HeldProcess {
  const [file = '', ...args] = argv;
  // Detached: Ctrl-C reaches the whole group of the terminal, and this one is to end after us.
  const settings = { env: { ...env }, extendEnv: false, detached: true, all: true, stdin: 'pipe' } as const;
  const child = execa(file, args, { ...settings, ...(cwd === undefined ? {} : { cwd }) });
  followLines(child.all, onLine);
  const stopper = groupStopper(child.pid);
  let asked = false;
  const ended = child
    .then(
      () => undefined,
      (error: ExecaError) => {
        if (!asked) throw new ProcessFailure(title ?? argv, argv, error, null);
      },
    )
    .finally(stopper.end);
  ended.catch(() => undefined);
  return {
    ended,
    write: text => void child.stdin.write(text),
    end: async () => {
      asked = true;
      child.stdin.end();
      await ended;
    },
    stop: () => {
      asked = true;
      stopper.begin();
    },
    kill: () => {
      asked = true;
      stopper.kill();
    },
  };
}

/** `begin` asks all of a process group to end and makes them three seconds later; `kill` at once; `end` when they have. */
function groupStopper(leader: number | undefined): { begin: () => void; kill: () => void; end: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals): void => {
    try {
      if (leader !== undefined) process.kill(-leader, signal);
    } catch {
      // Ended by themselves meanwhile.
    }
  };
  return {
    begin: () => {
      send('SIGTERM');
      // Asked twice, it has three seconds from the first time on.
      timer ??= setTimeout(() => send('SIGKILL'), 3000);
    },
    kill: () => send('SIGKILL'),
    end: () => clearTimeout(timer),
  };
}

/** The last line too, though nothing ends it: what a program says at its end may be the reason. */
function followLines(stream: NodeJS.ReadableStream | undefined, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** Runs a program on the caller's terminal. Throws ProcessFailure on any end but exit code 0. */
export async function runInteractive(
  argv: readonly string[],
  options: Pick<ProcessOptions, 'env' | 'signal' | 'title'>,
): Promise<void> {
  const [file = '', ...args] = argv;
  try {
    await execa(file, args, {
      env: { ...options.env },
      extendEnv: false,
      stdio: 'inherit',
      cancelSignal: options.signal,
    });
  } catch (error) {
    options.signal.throwIfAborted();
    throw new ProcessFailure(options.title ?? argv, argv, error as ExecaError, null);
  }
}
