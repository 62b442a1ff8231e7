/** YAML text -> values, with the place of each. Strict: what YAML leaves to the reader is a fault here. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Alias, Document as YamlDocument, Node, YAMLMap } from 'yaml';
import { deepNesting } from './depth.ts';
import { displayPath, faultAt } from './diagnostic.ts';
import { formatPath, isMapping } from './paths.ts';
import type { Path } from './paths.ts';
import { noteRead } from './reads.ts';
import { endOf, readText } from './text.ts';
import type { Diagnostic, Position } from './types.ts';

/** Values a document may hold with all its aliases written out: far above any real one, far below a bomb. */
const MOST_VALUES = 100_000;
const MOST_DEPTH = 100;

export interface Place {
  key: Position;
  value: Position;
  /** A scalar as it was typed, e.g. `0644` where the value is 644. */
  source: string | null;
}

/** A document that could be read; `value` is JSON-like (mappings, lists, strings, numbers, booleans, null). */
export interface Document {
  /** As diagnostics show it. */
  file: string;
  value: unknown;
  places: ReadonlyMap<string, Place>;
}

/** `document` is null when nothing of it can be used. */
export interface Reading {
  document: Document | null;
  faults: Diagnostic[];
}

/** Reads a YAML file. */
export async function readDocument(file: string): Promise<Reading> {
  noteRead(file);
  const { text, fault } = await readText(file);
  return fault === null ? parseDocument(text, displayPath(file)) : { document: null, faults: [fault] };
}

/** As readDocument, for text that is there already. */
export function parseDocument(text: string, file: string): Reading {
  const lineCounter = new LineCounter();
  const place = (offset: number): Position => ({ file, ...lineCounter.linePos(offset) });
  const parsed = parseText(text, lineCounter);
  if ('offset' in parsed) {
    const fault = faultAt({ file, ...endOf(text.slice(0, parsed.offset)) }, '', parsed);
    return { document: null, faults: [fault] };
  }
  const walk = new Walk(place);
  try {
    const value = walk.visit(parsed.yaml.contents, [], []);
    if (!isMapping(value))
      throw new Unreadable('must be a mapping of keys to values', parsed.yaml.contents?.range?.[0] ?? 0);
    return { document: { file, value, places: walk.places }, faults: walk.faults };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { document: null, faults: [...walk.faults, faultAt(place(error.offset), '', error)] };
  }
}

/** Where a path stands: of its key or its value; of the nearest thing around it when it is not in the document. */
export function placeOf(document: Document, path: Path, at: 'key' | 'value' = 'value'): Position {
  const exact = document.places.get(keyOf(path));
  if (exact !== undefined) return exact[at];
  return path.length === 0 ? { file: document.file, line: 1, col: 1 } : placeOf(document, path.slice(0, -1));
}

/** Did a person write this key? */
export const isWritten = (document: Document, path: Path): boolean => document.places.has(keyOf(path));

/** A scalar as it was typed. */
export function sourceOf(document: Document, path: Path): string | null {
  return document.places.get(keyOf(path))?.source ?? null;
}

/** A fault at a path of a document. */
export function fault(document: Document, path: Path, message: string, hint = ''): Diagnostic {
  return faultAt(placeOf(document, path), formatPath(path), { message, hint });
}

export const keyOf = (path: Path): string => JSON.stringify(path);

interface TextFault {
  message: string;
  hint: string;
  offset: number;
}

class Unreadable extends Error {
  readonly offset: number;
  readonly hint: string;
  constructor(message: string, offset: number, hint = '') {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

function parseText(text: string, lineCounter: LineCounter): { yaml: YamlDocument.Parsed } | TextFault {
  const deep = deepNesting(text);
  if (deep !== null) return { message: 'is nested too deeply', hint: '', offset: deep };
  const options = { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
  const documents = [...parseAllDocuments(text, options)] as YamlDocument.Parsed[];
  const [yaml, second] = documents;
  if (yaml === undefined) return { message: 'is empty', hint: '', offset: 0 };
  const troubles = [...yaml.errors, ...yaml.warnings];
  const trouble = troubles.find(each => each.code === 'TAB_AS_INDENT') ?? troubles[0];
  if (trouble?.code === 'TAB_AS_INDENT')
    return { message: 'tab in the indentation', hint: 'use spaces', offset: trouble.pos[0] };
  if (trouble !== undefined) return { message: `not YAML: ${trouble.message}`, hint: '', offset: trouble.pos[0] };
  if (second !== undefined) {
    return { message: 'a second document begins here', hint: 'one document a file', offset: second.range[0] };
  }
  if (yaml.directives.yaml.version !== '1.2') {
    return {
      message: `YAML ${yaml.directives.yaml.version} reads numbers and words differently`,
      hint: 'take the %YAML line out',
      offset: 0,
    };
  }
  return isScalar(yaml.contents) && yaml.contents.value === null
    ? { message: 'is empty', hint: '', offset: 0 }
    : { yaml };
}

/** One walk over the nodes: makes the value, notes the places, counts what aliases unfold to. */
class Walk {
  readonly places = new Map<string, Place>();
  readonly faults: Diagnostic[] = [];
  private readonly place: (offset: number) => Position;
  private readonly anchors = new Map<string, Node>();
  private count = 0;

  constructor(place: (offset: number) => Position) {
    this.place = place;
  }

  /** `open`: the aliases being unfolded. */
  visit(node: unknown, path: Path, open: readonly Alias[], keyOffset?: number): unknown {
    const { range } = node as Node;
    const offset = range?.[0] ?? keyOffset ?? 0;
    if (++this.count > MOST_VALUES) {
      throw new Unreadable(
        `holds more than ${MOST_VALUES} values`,
        open[0]?.range?.[0] ?? offset,
        'aliases count each time',
      );
    }
    if (path.length > MOST_DEPTH) throw new Unreadable(`is nested deeper than ${MOST_DEPTH} levels`, offset);
    if (isAlias(node)) return this.unfold(node, path, open);
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined && open.length === 0) this.anchors.set(anchor, node as Node);
    const source = isScalar(node) ? (node.source ?? null) : null;
    const value = this.place(offset);
    this.places.set(keyOf(path), { key: keyOffset === undefined ? value : this.place(keyOffset), value, source });
    if (isMap(node)) return this.mapping(node, path, open);
    if (isSeq(node)) return node.items.map((item, index) => this.visit(item, [...path, index], open));
    if (isScalar(node) && !(typeof node.value === 'object' && node.value !== null)) return node.value;
    throw new Unreadable('not a plain value', offset, 'tags are not used here');
  }

  private mapping(node: YAMLMap, path: Path, open: readonly Alias[]): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    for (const { key, value } of node.items) {
      const offset = (key as Node).range?.[0] ?? 0;
      if (!isScalar(key)) throw new Unreadable('a key must be a plain word', offset);
      const name = String(key.value);
      const inside = [...path, name];
      if (entries.has(name)) {
        const first = this.places.get(keyOf(inside))?.key.line;
        const message = `duplicate key ${JSON.stringify(name)}, first at line ${first}`;
        this.faults.push(faultAt(this.place(offset), formatPath(path), { message, hint: '' }));
      } else {
        entries.set(name, value === null ? this.nothing(inside, offset) : this.visit(value, inside, open, offset));
      }
    }
    // fromEntries defines own properties, so a key `__proto__` stays an (unknown) key.
    return Object.fromEntries(entries);
  }

  private nothing(path: Path, offset: number): null {
    const position = this.place(offset);
    this.places.set(keyOf(path), { key: position, value: position, source: null });
    return null;
  }

  private unfold(alias: Alias, path: Path, open: readonly Alias[]): unknown {
    const offset = alias.range?.[0] ?? 0;
    const target = this.anchors.get(alias.source);
    if (target === undefined) throw new Unreadable(`alias *${alias.source} names no anchor before it`, offset);
    if (open.includes(alias)) throw new Unreadable(`alias *${alias.source} contains itself`, offset);
    return this.visit(target, path, [...open, alias]);
  }
}
