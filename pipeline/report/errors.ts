/** How a command failed, as text for stderr. Pure: the caller prints it. */
import { painter, type Paint } from './paint.ts';
import { count, plainText, printable } from './text.ts';

/** A fault of the user's, at its place; `Diagnostic` of config/types.ts fits. */
export interface Fault {
  position: { file: string; line: number; col: number };
  /** Dotted path inside the document; empty for the document as a whole. */
  path: string;
  message: string;
  hint?: string;
}

export type Failure =
  | { kind: 'faults'; faults: readonly Fault[] }
  | {
      kind: 'process';
      /** The step it ran for; null outside a plan. */
      step: string | null;
      command: readonly string[];
      /** Null when a signal ended it or it could not be started. */
      exitCode: number | null;
      signal: string | null;
      /** The last lines of its output; at most 20 are shown. */
      output: readonly string[];
      /** Where all of it is; null when it isn't kept. */
      log: string | null;
      /** A command line that does the same again, pasted as it stands. */
      reproduce: string;
    }
  | { kind: 'bug'; error: unknown; version: string };

const LINES = 20;
const INDENT = '    ';

/**
 * Lines joined by newlines, none at the end. Control characters of names and output never reach the terminal; only
 * `reproduce` stays as it is, because it must do the same again.
 */
export function renderFailure(failure: Failure, { color }: { color: boolean }): string {
  const paint = painter(color);
  switch (failure.kind) {
    case 'faults':
      return renderFaults(failure.faults, paint);
    case 'process':
      return renderProcess(failure, paint);
    case 'bug':
      return renderBug(failure, paint);
  }
}

/** argv -> a POSIX shell command line that gives exactly these arguments. */
export function quoteShell(argv: readonly string[]): string {
  // A first word with `=` would be an assignment.
  return argv.map((word, index) => quoteWord(word, index === 0 ? /^[\w@%+:,./-]+$/ : /^[\w@%+=:,./-]+$/)).join(' ');
}

function quoteWord(word: string, safe: RegExp): string {
  return safe.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function renderFaults(faults: readonly Fault[], paint: Paint): string {
  const files = [...new Set(faults.map(({ position }) => position.file))];
  const inOrder = [...faults].sort(
    ({ position: a }, { position: b }) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.col - b.col,
  );
  const lines = inOrder.flatMap(({ position: { file, line, col }, path, message, hint }) => [
    `${paint('bold', `${plainText(file)}:${line}:${col}:`)} ${path === '' ? '' : `${paint('cyan', `${plainText(path)}:`)} `}${plainText(message)}`,
    ...(hint === undefined || hint === '' ? [] : [`${INDENT}${paint('green', 'hint:')} ${plainText(hint)}`]),
  ]);
  return [
    ...lines,
    paint('red', `${count(faults.length, 'fault')} in ${count(files.length, 'file')}; nothing was built.`),
  ].join('\n');
}

function renderProcess(failure: Extract<Failure, { kind: 'process' }>, paint: Paint): string {
  const { step, command, output, log, reproduce } = failure;
  const shown = output.slice(-LINES).map(line => printable(line).trimEnd());
  return [
    `${paint('red', 'failed:')} ${step === null ? '' : `${plainText(step)}: `}${plainText(command[0] ?? '')} ${howItEnded(failure)}`,
    `  ran  ${onOneLine(quoteShell(command))}`,
    shown.length === 0
      ? '  It wrote nothing.'
      : `  last ${shown.length === 1 ? 'line' : `${shown.length} lines`} of its output:`,
    ...shown.map(line => paint('dim', `${INDENT}${line}`.trimEnd())),
    ...(log === null ? [] : [`  log  ${plainText(log)}`]),
    '  to run it again by hand:',
    `${INDENT}${reproduce}`,
  ].join('\n');
}

function howItEnded({ exitCode, signal }: { exitCode: number | null; signal: string | null }): string {
  if (signal !== null) return `was ended by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}`;
  return exitCode === null ? 'could not be started' : `ended with exit code ${exitCode}`;
}

/** For reading, not for pasting: a line end inside an argument would break the picture. */
function onOneLine(text: string): string {
  return plainText(text.replaceAll(/\r?\n/g, '⏎'));
}

function renderBug({ error, version }: Extract<Failure, { kind: 'bug' }>, paint: Paint): string {
  const stack = error instanceof Error ? causes(error) : [`thrown: ${String(error)}`];
  return [
    `${paint('red', 'bug in caisson:')} ${plainText(error instanceof Error ? error.message : String(error))}`,
    ...stack.map(line => paint('dim', `${INDENT}${printable(line)}`.trimEnd())),
    `This is not your fault. Please report it with the lines above, the command you ran, caisson ${version}, Node ${process.versions.node}.`,
  ].join('\n');
}

function causes(error: Error): string[] {
  const own = (error.stack ?? `${error.name}: ${error.message}`).split('\n');
  return error.cause instanceof Error ? [...own, 'caused by:', ...causes(error.cause)] : own;
}
