/** Tables of faulty documents: each row says how many faults it must give; their texts are compared with a golden file. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic, sortDiagnostics } from '../../pipeline/config/diagnostic.ts';
import { parseDocument } from '../../pipeline/config/document.ts';
import type { Document } from '../../pipeline/config/document.ts';
import type { Diagnostic } from '../../pipeline/config/types.ts';

export interface Row {
  title: string;
  faults: number;
  yaml: string;
}

interface Table {
  /** Below test/config/golden/. */
  golden: string;
  file: string;
  rows: readonly Row[];
  check: (document: Document) => Diagnostic[];
}

/** One test a row for the number of faults, and one for all texts. */
export function testTable({ golden, file, rows, check }: Table): void {
  describe(golden, () => {
    const results = rows.map(row => ({ ...row, found: diagnose(row.yaml, file, check) }));
    test.each(results)('$title: $faults', ({ faults, found }) => {
      expect(found.length, found.join('\n')).toBe(faults);
    });
    test('texts are the golden ones', async () => {
      const text = results.map(({ title, found }) => `# ${title}\n${found.join('\n')}\n`).join('\n');
      await expect(text).toMatchFileSnapshot(path.join(import.meta.dirname, 'golden', golden));
    });
  });
}

function diagnose(yaml: string, file: string, check: (document: Document) => Diagnostic[]): string[] {
  const { document, faults } = parseDocument(yaml, file);
  const all = document === null ? faults : [...faults, ...check(document)];
  return sortDiagnostics(all).map(formatDiagnostic);
}
