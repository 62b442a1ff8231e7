/** `extends: NAME`: a document with all that the documents say which it stands on. */
import path from 'node:path';
import { compareText } from './diagnostic.ts';
import { fault, keyOf, readDocument } from './document.ts';
import type { Document, Reading } from './document.ts';
import { mergeDocuments } from './merge.ts';
import { suggest } from './nearest.ts';
import { isMapping, valueAt } from './paths.ts';
import { exists, fileOf, FOLDERS, namesOf, whereSought } from './places.ts';
import type { DocumentKind, SearchPath } from './places.ts';
import { documentPattern, documentWords } from './schema-words.ts';
import type { SchemaObject } from './schema-words.ts';
import type { Diagnostic } from './types.ts';
import { describeValue } from './wording.ts';

/** More than anybody keeps in mind, and few enough to show. */
const MOST_BASES = 8;

/** What a document is by itself: nobody inherits it. */
const OWN_KEYS = ['name', 'extends'];

export interface ExtendingReading extends Reading {
  /** Files of the documents that it extends, the nearest first; as diagnostics show them. */
  bases: string[];
}

export interface Extending extends SearchPath {
  kind: 'image' | 'manifest';
  /** Says how lists are joined. */
  schema: SchemaObject;
}

/** Reads a document and what it extends. `document` is null when one of them cannot be used. */
export async function readExtending(file: string, options: Extending): Promise<ExtendingReading> {
  const chain: Document[] = [];
  const files: string[] = [];
  const faults: Diagnostic[] = [];
  for (let next: string | null = path.resolve(file); next !== null;) {
    files.push(next);
    const { document, faults: found } = await readDocument(next);
    faults.push(...found);
    if (document === null) return { document, faults, bases: [] };
    chain.push(document);
    const base = await baseOf(document, files, options);
    if (base !== null && typeof base !== 'string') return { document: null, faults: [...faults, base], bases: [] };
    next = base;
  }
  const merged = mergeChain(chain, options.schema);
  const bases = chain.slice(1).map(each => each.file);
  return { document: merged.document, faults: [...faults, ...merged.faults], bases };
}

/** Absolute file of what the last of `files` extends; null for nothing. */
async function baseOf(
  document: Document,
  files: readonly string[],
  options: Extending,
): Promise<string | Diagnostic | null> {
  const name = valueAt(document.value, ['extends']);
  if (name === undefined) return null;
  const at = (message: string, hint = ''): Diagnostic => fault(document, ['extends'], message, hint);
  if (typeof name !== 'string' || !new RegExp(documentPattern).test(name))
    return at(`must be ${documentWords}, found ${describeValue(name, null)}`);
  const { kind } = options;
  const file = files.at(-1) ?? '';
  const search = searchFrom(file, options);
  const candidates = [...new Set(search.map(folder => fileOf(folder, kind, name)))].filter(each => each !== file);
  const found = await firstThere(candidates);
  if (found === null) return at(...(await missing(name, { ...options, file, search })));
  if (files.includes(found)) {
    const circle = [...files.slice(files.indexOf(found)), found].map(each => shownName(each, options));
    return at(`documents extend each other: ${circle.join(' -> ')}`, 'each would have to be read before the other');
  }
  if (files.length > MOST_BASES)
    return at(`is the ${MOST_BASES + 1}th document below another`, `allowed: ${MOST_BASES}`);
  return found;
}

/** What stands in Caisson's own folder stands on that alone: nobody's project can pull the ground from under it. */
function searchFrom(file: string, { project, home, kind }: Extending): string[] {
  const ofHome = path.dirname(file) === path.join(path.resolve(home), FOLDERS[kind]);
  return ofHome ? [home] : [project, home];
}

async function firstThere(files: readonly string[]): Promise<string | null> {
  for (const file of files) if (await exists(file)) return file;
  return null;
}

/** Message and hint. */
async function missing(
  name: string,
  { kind, file, search, project, home }: Extending & { file: string; search: readonly string[] },
): Promise<[string, string]> {
  const own = path.basename(file, '.yaml');
  if (name === own)
    return ['extends itself', `only ${kind === 'image' ? 'an image' : 'a manifest'} of Caisson may have the same name`];
  const message = `no ${kind} "${name}" in ${whereSought({ project: search[0] ?? project, home }, kind)}`;
  const others = (Object.keys(FOLDERS) as DocumentKind[]).filter(each => each !== kind);
  for (const other of others) {
    const there = await firstThere(search.map(folder => fileOf(folder, other, name)));
    if (there !== null) return [message, `"${name}" is a name in ${FOLDERS[other]}/, and ${kind}s extend ${kind}s`];
  }
  const names = (await Promise.all(search.map(async folder => namesOf(folder, kind)))).flat();
  return [message, suggest(name, [...new Set(names)].filter(each => each !== own).sort(compareText))];
}

function shownName(file: string, { project, home, kind }: Extending): string {
  const name = `${FOLDERS[kind]}/${path.basename(file)}`;
  const ofHome =
    path.resolve(project) !== path.resolve(home) && file.startsWith(`${path.resolve(home)}/${FOLDERS[kind]}/`);
  return ofHome ? `${name} of Caisson` : name;
}

/** The nearest document comes first, and wins. */
function mergeChain(chain: readonly Document[], schema: SchemaObject): { document: Document; faults: Diagnostic[] } {
  const [nearest, ...bases] = chain;
  if (nearest === undefined) throw new Error('a chain has a document');
  if (bases.length === 0) return { document: nearest, faults: [] };
  const { document, faults } = mergeDocuments(
    [without(nearest, ['extends']), ...bases.map(each => without(each, OWN_KEYS))],
    schema,
  );
  const place = nearest.places.get(keyOf(['extends']));
  const places = place === undefined ? document.places : new Map([...document.places, [keyOf(['extends']), place]]);
  return { document: { ...document, places }, faults };
}

function without(document: Document, keys: readonly string[]): Document {
  const { value } = document;
  if (!isMapping(value)) return document;
  return { ...document, value: Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key))) };
}
