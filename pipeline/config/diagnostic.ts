/** Faults of the user's: collected, sorted, shown. */
import path from 'node:path';
import type { Diagnostic, Position } from './types.ts';

/** Every fault of every document that was read, sorted by file and place. A fault of the user's, never a bug. */
export class ConfigFault extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    const sorted = sortDiagnostics(diagnostics);
    super(sorted.map(formatDiagnostic).join('\n'));
    this.name = 'ConfigFault';
    this.diagnostics = sorted;
  }
}

/** `layouts/a.yaml:8:7: partitions[1]: unknown key "sise" (did you mean "size"?)` */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { position, message, hint } = diagnostic;
  const where = `${position.file}:${position.line}:${position.col}: `;
  const path = diagnostic.path === '' ? '' : `${diagnostic.path}: `;
  return `${where}${path}${message}${hint === undefined ? '' : ` (${hint})`}`;
}

/** The same as a flat JSON value, for `--json`. */
export function diagnosticToJson(diagnostic: Diagnostic): Record<string, string | number> {
  const { position, path, message, hint } = diagnostic;
  return { ...position, path, message, ...(hint === undefined ? {} : { hint }) };
}

/** By file, line and column; equal ones once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const unique = new Map(diagnostics.map(each => [formatDiagnostic(each), each]));
  return [...unique.values()].sort(
    (a, b) =>
      compareText(a.position.file, b.position.file) ||
      a.position.line - b.position.line ||
      a.position.col - b.position.col ||
      compareText(a.path, b.path) ||
      compareText(a.message, b.message),
  );
}

/** A fault of a file as a whole. */
export function fileFault(file: string, message: string, hint = ''): Diagnostic {
  return faultAt({ file: displayPath(file), line: 1, col: 1 }, '', { message, hint });
}

export function faultAt(
  position: Position,
  path: string,
  { message, hint }: { message: string; hint: string },
): Diagnostic {
  return { position, path, message, ...(hint === '' ? {} : { hint }) };
}

/** As a person would type it: relative to the current folder when below it, else absolute. */
export function displayPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  const below = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  return below ? relative.split(path.sep).join('/') : path.resolve(file);
}

/** Code-unit order: the same in every locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
