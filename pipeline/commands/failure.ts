/** An error -> what its user reads, and the exit code. A fault of theirs is one message; a bug of ours shows its stack. */
import { ConfigFault, diagnosticToJson } from '../config/diagnostic.ts';
import { placeOf, readDocument } from '../config/document.ts';
import { nearest } from '../config/nearest.ts';
import { listAt } from '../config/paths.ts';
import type { Diagnostic, Manifest } from '../config/types.ts';
import { BuildFault, PackageFault, SigningFault } from '../engine/fault.ts';
import { withoutPassword } from '../engine/fetch.ts';
import { ProcessFailure } from '../engine/run.ts';
import { FormatFault } from '../formats/fault.ts';
import { quoteShell, renderFailure } from '../report/errors.ts';
import { printable } from '../report/text.ts';
import { UsageFault, type ExitCode } from './context.ts';

export interface FailureOptions {
  interrupted: boolean;
  json: boolean;
  color: boolean;
  version: string;
  write(text: string): void;
}

export async function showFailure(error: unknown, options: FailureOptions): Promise<ExitCode> {
  const { write, color, json } = options;
  if (options.interrupted) {
    const said = 'interrupted; nothing half done was left behind';
    write(json ? `${JSON.stringify({ error: said })}\n` : `${said}.\n`);
    return 130;
  }
  if (error instanceof PackageFault) return showFailure(new ConfigFault([await packageDiagnostic(error)]), options);
  if (error instanceof ConfigFault) {
    write(
      json
        ? `${JSON.stringify({ faults: error.diagnostics.map(diagnosticToJson) })}\n`
        : `${renderFailure({ kind: 'faults', faults: error.diagnostics }, { color })}\n`,
    );
    return 2;
  }
  const usage = error instanceof UsageFault || error instanceof SigningFault;
  if (usage || error instanceof BuildFault || error instanceof FormatFault) {
    write(
      json
        ? `${JSON.stringify({ error: error.message, hint: error.hint })}\n`
        : // Names out of an image or a tar are anybody's.
          `error: ${printableLines(error.message)}\n${error.hint === '' ? '' : `    hint: ${printableLines(error.hint)}\n`}`,
    );
    return usage ? 2 : 1;
  }
  if (error instanceof ProcessFailure) {
    const { exitCode, killedBy, log } = error;
    const hidden = (texts: readonly string[]): string[] => texts.map(each => withoutPassword(each));
    const [command, argv, output] = [hidden(error.command), hidden(error.argv), hidden(error.output)];
    write(
      json
        ? `${JSON.stringify({ error: error.message, command, exitCode, signal: killedBy, output, log })}\n`
        : `${renderFailure({ kind: 'process', step: null, command, exitCode, signal: killedBy, output, log, reproduce: quoteShell(argv) }, { color })}\n`,
    );
    return 1;
  }
  const full = systemFault(error);
  if (full !== null) {
    write(json ? `${JSON.stringify({ error: full })}\n` : `error: ${full}\n`);
    return 1;
  }
  write(`${renderFailure({ kind: 'bug', error, version: options.version }, { color })}\n`);
  return 1;
}

/** Some messages have lines: packages that nobody has, the end of a console. */
function printableLines(text: string): string {
  return text
    .split('\n')
    .map(line => printable(line))
    .join('\n');
}

/** The operating system said no: full disk, no permission. Not a bug of ours, so no stack. */
function systemFault(error: unknown): string | null {
  const { code, path, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC')
    return `the disk is full${path === undefined ? '' : ` (${path})`}; free some room, or name another cache folder in CAISSON_CACHE`;
  if (path !== undefined && ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code ?? ''))
    return `${message}; a file stands where a folder is wanted, or the other way round`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `${message}; check who owns it, or name another folder`;
  return null;
}

async function packageDiagnostic({ manifest, packageName, known, message }: PackageFault): Promise<Diagnostic> {
  const similar = nearest(packageName, known);
  return {
    ...(await placeOfPackage(manifest, packageName)),
    message: similar === null ? message : `${message} (did you mean "${similar}"?)`,
    hint: 'take it out, mend the name, or add a mirror that has it',
  };
}

/** In the manifest, or in the one of its bases that names it. */
async function placeOfPackage(
  { file, bases, packages }: Manifest,
  packageName: string,
): Promise<Pick<Diagnostic, 'position' | 'path'>> {
  for (const each of [file, ...bases]) {
    const { document } = await readDocument(each);
    const index = document === null ? -1 : listAt(document.value, ['packages']).indexOf(packageName);
    if (document === null || index < 0) continue;
    return { position: placeOf(document, ['packages', index]), path: `packages[${index}]` };
  }
  return { position: { file, line: 1, col: 1 }, path: `packages[${packages.indexOf(packageName)}]` };
}
