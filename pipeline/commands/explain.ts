/** caisson explain: what a key of the YAML files means, from the schemas. */
import { findKeys, nearestKey } from '../config/find-key.ts';
import { documentKeys } from '../config/keys.ts';
import type { DocumentKey } from '../formats/document-key.ts';
import { DOCUMENTS, drawKey, drawKeys } from '../report/keys.ts';
import { reference } from '../report/reference.ts';
import { STAGES } from '../stages/index.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';

export interface ExplainOptions {
  /** Null for all. */
  key: string | null;
  /** Null for every kind of document. */
  kind: DocumentKey['kind'] | null;
  markdown: boolean;
}

/** Prints one key, or a line for each that is meant. Throws UsageFault for a key that there is not. */
export function explain(context: CommandContext, { key, kind, markdown }: ExplainOptions): ExitCode {
  const all = documentKeys(STAGES).filter(each => kind === null || each.kind === kind);
  const found = key === null ? all : findKeys(all, key);
  const [only] = found;
  if (only === undefined) {
    const near = nearestKey(all, key ?? '');
    throw new UsageFault(
      `no key "${key}"${kind === null ? '' : ` in ${DOCUMENTS[kind]}`}`,
      `${near === null ? '' : `did you mean "${near}"? `}\`caisson explain\` lists all`,
    );
  }
  if (context.json) context.print(`${JSON.stringify(found, null, 2)}\n`);
  else if (markdown) context.print(reference(found));
  else if (key !== null && found.length === 1) context.print(`${drawKey(only, all, context)}\n`);
  else context.print(`${byDocument(found, context)}\n`);
  return 0;
}

function byDocument(keys: readonly DocumentKey[], context: CommandContext): string {
  const kinds = [...new Set(keys.map(each => each.kind))];
  return kinds
    .map(kind => {
      const own = keys.filter(each => each.kind === kind);
      return `${kind}: ${DOCUMENTS[kind]}\n${drawKeys(own, { ...context, below: '' })}`;
    })
    .join('\n\n');
}
