/** `--set path=value`: changes of one run to a document, made before it is checked. */
import { faultAt } from './diagnostic.ts';
import { keyOf, parseDocument } from './document.ts';
import type { Document, Place } from './document.ts';
import { suggest } from './nearest.ts';
import { formatPath, isMapping, parsePath, valueAt } from './paths.ts';
import type { Path, Segment } from './paths.ts';
import type { Diagnostic, Position } from './types.ts';
import type { Validator } from './validate.ts';

/** Sets that begin so change the layout. */
const LAYOUT_PREFIX = 'layout.';

/** Splits the texts by the document they change. */
export function sortSets(sets: readonly string[]): { image: string[]; layout: string[] } {
  const image = sets.filter(set => !set.startsWith(LAYOUT_PREFIX));
  return { image, layout: sets.filter(set => set.startsWith(LAYOUT_PREFIX)) };
}

export interface Changed {
  document: Document;
  faults: Diagnostic[];
}

/**
 * Applies sets in order. List entries are addressed by their `id` or `name`, or by index; keys on the way are made
 * when they are missing, so that the schema finds what is unknown. A value is read as YAML; when the schema
 * refuses that, and takes the text as it stands (`version=2026.10`), it is the text.
 */
export function applySets(document: Document, sets: readonly string[], validate: Validator): Changed {
  const changed: Changed = { document, faults: [] };
  for (const text of sets) {
    const outcome = applySet(changed.document, text, validate);
    if ('message' in outcome) changed.faults.push(faultAt(outcome.position, outcome.path, outcome));
    else changed.document = outcome;
  }
  return changed;
}

interface SetFault {
  position: Position;
  path: string;
  message: string;
  hint: string;
}

function applySet(document: Document, text: string, validate: Validator): Document | SetFault {
  const place = (col: number): Position => ({ file: `--set ${text}`, line: 1, col });
  const equals = text.indexOf('=');
  const prefix = text.startsWith(LAYOUT_PREFIX) ? LAYOUT_PREFIX.length : 0;
  const segments = equals < 0 ? null : parsePath(text.slice(prefix, equals));
  if (segments === null) {
    return {
      position: place(1),
      path: '',
      message: 'is no change',
      hint: 'write path=value, e.g. --set version=2026.10',
    };
  }
  if (segments[0]?.name === 'extends' && prefix === 0) {
    const message = 'cannot be set: what an image extends is read before';
    return { position: place(1), path: 'extends', message, hint: 'write it into the definition' };
  }
  const target = locate(document.value, segments);
  if ('message' in target) return { ...target, position: place(prefix + target.col) };
  const { path } = target;
  const places = segments.map(({ col }) => place(prefix + col));
  const typed = text.slice(equals + 1);
  const candidates = valuesOf(typed).map(value => {
    const lastPlace = { key: places.at(-1) ?? place(1), value: place(equals + 2), source: typed };
    return changedDocument(document, { path, value, places, lastPlace });
  });
  return candidates.find(candidate => isAccepted(candidate, path, validate)) ?? candidates[0] ?? document;
}

interface Missing {
  path: string;
  col: number;
  message: string;
  hint: string;
}

/** Written segments -> the path they mean in this value. */
function locate(value: unknown, segments: readonly Segment[]): { path: Path } | Missing {
  const path: (string | number)[] = [];
  for (const { name, col } of segments) {
    const here = valueAt(value, path);
    if (Array.isArray(here)) {
      const index = indexOf(here, name);
      if (index === null) {
        const hint = suggest(String(name), entryNames(here));
        return { path: formatPath(path), col, message: `no entry ${JSON.stringify(name)}`, hint };
      }
      path.push(index);
    } else if (here === undefined || here === null || isMapping(here)) {
      path.push(String(name));
    } else {
      return {
        path: formatPath(path),
        col,
        message: `is ${JSON.stringify(here)}, which has no key ${JSON.stringify(name)}`,
        hint: '',
      };
    }
  }
  return { path };
}

function indexOf(list: readonly unknown[], name: string | number): number | null {
  const named = list.findIndex(entry => valueAt(entry, ['id']) === name || valueAt(entry, ['name']) === name);
  if (named >= 0) return named;
  const index = Number(name);
  return Number.isInteger(index) && index >= 0 && index < list.length ? index : null;
}

function entryNames(list: readonly unknown[]): string[] {
  const names = list.map((entry, index) => valueAt(entry, ['id']) ?? valueAt(entry, ['name']) ?? String(index));
  return names.filter(name => typeof name === 'string');
}

/** As YAML, then as text. A word without quotes is its whole text: `summary=a #b` has no comment. */
function valuesOf(text: string): unknown[] {
  const { document, faults } = parseDocument(`value: ${text}`, '');
  const alone = document !== null && faults.length === 0 && Object.keys(document.value as object).length === 1;
  const value = alone ? valueAt(document.value, ['value']) : text;
  const bare = typeof value === 'string' && !/^\s*["'|>]/.test(text);
  return bare || value === text ? [text] : [value, text];
}

interface Change {
  path: Path;
  value: unknown;
  /** Of each step of the path. */
  places: readonly Position[];
  lastPlace: Place;
}

function changedDocument(document: Document, { path, value, places, lastPlace }: Change): Document {
  const inside = `${keyOf(path).slice(0, -1)},`;
  const kept = [...document.places].filter(([key]) => !key.startsWith(inside));
  const changed = new Map(kept);
  for (const [index, position] of places.slice(0, -1).entries()) {
    const key = keyOf(path.slice(0, index + 1));
    if (!changed.has(key)) changed.set(key, { key: position, value: position, source: null });
  }
  changed.set(keyOf(path), lastPlace);
  return { ...document, value: withValue(document.value, path, value), places: changed };
}

function withValue(container: unknown, path: Path, value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (Array.isArray(container)) {
    return container.map((entry: unknown, index) => (index === name ? withValue(entry, rest, value) : entry));
  }
  const entries = isMapping(container) ? Object.entries(container) : [];
  const inner = withValue(valueAt(container, [name]), rest, value);
  const others = entries.some(([key]) => key === name) ? entries : [...entries, [String(name), null] as const];
  return Object.fromEntries(others.map(([key, entry]) => [key, key === name ? inner : entry]));
}

/** No fault at the path or in its value. */
function isAccepted(document: Document, path: Path, validate: Validator): boolean {
  const { faulty } = validate(document);
  return !faulty.some(place => path.every((name, index) => place[index] === name));
}
