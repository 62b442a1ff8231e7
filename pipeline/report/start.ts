/** The text of a new document: what it says, and what it could say, each key with what it means. Pure. */
import type { DocumentKey } from '../formats/document-key.ts';
import { flowText } from '../formats/flow-text.ts';
import { columnsOf, wrapText } from './text.ts';

export interface Start {
  /** Paragraphs at the top. */
  head: readonly string[];
  written: Readonly<Record<string, unknown>>;
  /** Lines of YAML by key, commented out. */
  offered: Readonly<Record<string, readonly string[]>>;
  /** Keys whose own keys are told of, too. */
  told: readonly string[];
}

const WIDTH = 118;

/** The document; `keys` are those of its kind, in the order that they get. */
export function startText({ head, written, offered, told }: Start, keys: readonly DocumentKey[]): string {
  const blocks = keys.flatMap(key => {
    const live = Object.hasOwn(written, key.path);
    const lines = live ? yamlLines(key.path, written[key.path]) : (offered[key.path] ?? []).map(line => `#${line}`);
    if (lines.length === 0) return [];
    const inner = told.includes(key.path) ? keys.filter(each => each.path.startsWith(`${key.path}.`)) : [];
    const about = inner.map(each => `${each.path.slice(key.path.length + 1)}: ${meaning(each)}`);
    return [[...[meaning(key), ...about].flatMap(comment), ...lines]];
  });
  return `${[head.flatMap(comment), ...blocks].map(block => block.join('\n')).join('\n\n')}\n`;
}

/** One key: on one line where it fits, else an entry or a key a line. */
export function yamlLines(key: string, value: unknown): string[] {
  const flow = `${key}: ${flowText(value)}`;
  const mapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = Array.isArray(value) && value.some(each => typeof each === 'object');
  if (columnsOf(flow) <= WIDTH && !entries) return [flow];
  if (Array.isArray(value)) return [`${key}:`, ...value.map(each => `  - ${flowText(each)}`)];
  if (!mapping) return [flow];
  return [
    `${key}:`,
    ...Object.entries(value).flatMap(([name, each]) => yamlLines(name, each).map(line => `  ${line}`)),
  ];
}

function meaning({ description, leftOut }: DocumentKey): string {
  return leftOut === '' ? description : `${description} Default: ${leftOut}.`;
}

/** With one blank behind the `#`: a line of YAML that is commented out has none, or more. */
function comment(text: string): string[] {
  return wrapText(text, WIDTH - 2).map(line => `# ${line}`);
}
