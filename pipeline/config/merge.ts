/** What a document says on top of those it extends. Pure; the schema says which lists are more than their entries. */
import { compareText, faultAt } from './diagnostic.ts';
import { keyOf, placeOf } from './document.ts';
import type { Document, Place } from './document.ts';
import { formatPath, isMapping, listAt, mappingAt, valueAt } from './paths.ts';
import type { Path } from './paths.ts';
import type { SchemaObject } from './schema-words.ts';
import type { Diagnostic } from './types.ts';

/** `x-keyed` of a list: entries with one `key` are one thing of one `kind`. */
interface Keyed {
  key: string;
  kind: string;
}

/**
 * One document of a chain, the nearest first, each of which extends the next. Mappings are joined key by key, and one's
 * own wins; its null takes a value of the base away, as the first entry of a list all that the base has in it. Lists are
 * the base's and then one's own, without repetitions; those with `x-keyed` are joined by entry, and those with `x-exact`
 * are one's own alone. Places stay those of the file that says it.
 */
export function mergeDocuments(
  chain: readonly [Document, ...Document[]],
  schema: SchemaObject,
): { document: Document; faults: Diagnostic[] } {
  const faults: Diagnostic[] = [];
  const document = chain.reduceRight((base, own, index) => {
    const merge = new Merge(chain.slice(0, index).toReversed());
    const value = merge.join(whole(base), whole(own), { path: [], schema });
    faults.push(...merge.faults);
    return { file: own.file, value, places: merge.places };
  });
  return { document, faults };
}

/** Part of a document that is read. */
interface Part {
  document: Document;
  path: Path;
  value: unknown;
}

/** Where it goes. */
interface Target {
  path: Path;
  schema: SchemaObject;
}

interface Pair {
  base: Part;
  own: Part;
}

const whole = (document: Document): Part => ({ document, path: [], value: document.value });

const below = ({ document, path, value }: Part, name: string | number): Part => ({
  document,
  path: [...path, name],
  value: valueAt(value, [name]),
});

class Merge {
  readonly places = new Map<string, Place>();
  readonly faults: Diagnostic[] = [];
  private readonly nearer: readonly Document[];

  /** `nearer`: documents that are joined later, in this order. */
  constructor(nearer: readonly Document[]) {
    this.nearer = nearer;
  }

  join(base: Part, own: Part, target: Target): unknown {
    if (isMapping(base.value) && isMapping(own.value)) return this.joinMappings(base, own, target);
    if (Array.isArray(base.value) && Array.isArray(own.value)) return this.joinLists(base, own, target);
    return this.take(own, target.path);
  }

  private joinMappings(base: Part, own: Part, { path, schema }: Target): Record<string, unknown> {
    this.place(own, path);
    const [before, after] = [mappingAt(base.value, []), mappingAt(own.value, [])];
    const entries = Object.keys(before).flatMap((key): [string, unknown][] => {
      const inside = { path: [...path, key], schema: mappingAt(schema, ['properties', key]) };
      if (!Object.hasOwn(after, key)) return [[key, this.take(below(base, key), inside.path)]];
      if (after[key] === null) return [];
      return [[key, this.join(below(base, key), below(own, key), inside)]];
    });
    // A null that takes nothing away stays, and is a fault like any other value that does not fit.
    const added = Object.keys(after).filter(key => !Object.hasOwn(before, key));
    return Object.fromEntries([
      ...entries,
      ...added.map((key): [string, unknown] => [key, this.take(below(own, key), [...path, key])]),
    ]);
  }

  private joinLists(base: Part, own: Part, { path, schema }: Target): unknown[] {
    this.place(own, path);
    const [before, after] = [partsOf(base), partsOf(own)];
    const keyed = schema['x-keyed'] as Keyed | undefined;
    const takesAll = (parts: readonly Part[]): unknown[] =>
      parts.map((part, index) => this.take(part, [...path, index]));
    if (after[0]?.value === null) return takesAll(after.slice(1));
    if (schema['x-exact'] === true) return takesAll(after);
    if (keyed !== undefined) return this.joinEntries(before, after, { path, schema, keyed });
    const known = new Set(before.map(each => canonical(each.value)));
    return takesAll([...before, ...after.filter(each => !known.has(canonical(each.value)))]);
  }

  private joinEntries(
    before: readonly Part[],
    after: readonly Part[],
    { path, schema, keyed }: Target & { keyed: Keyed },
  ): unknown[] {
    const { key, kind } = keyed;
    const rest = [...after];
    const joined = before.flatMap((base): (Part | Pair)[] => {
      const found = rest.findIndex(each => isNamed(each, key) && nameOf(each, key) === nameOf(base, key));
      const [own] = found < 0 ? [] : rest.splice(found, 1);
      if (own === undefined) return [base];
      return nameOf(own, kind) === null ? [] : [{ base, own }];
    });
    const items = mappingAt(schema, ['items']);
    return [...joined, ...rest].map((each, index) => {
      const inside = [...path, index];
      if (!('base' in each)) return this.take(each, inside);
      const { base, own } = each;
      const [is, was] = [nameOf(own, kind), nameOf(base, kind)];
      if (is === undefined || was === undefined || is === was) {
        const known = is ?? was ?? this.kindAbove(path, keyed, nameOf(base, key));
        return this.join(base, own, { path: inside, schema: schemaOf(items, kind, known) });
      }
      this.faults.push(otherKind(each, keyed, [...inside, kind]));
      return this.take(own, inside);
    });
  }

  /** Both leave the kind out, and only a nearer document says it. */
  private kindAbove(list: Path, { key, kind }: Keyed, name: unknown): unknown {
    const entries = this.nearer.flatMap(({ value }) => listAt(value, list));
    return entries
      .filter(each => valueAt(each, [key]) === name)
      .map(each => valueAt(each, [kind]))
      .find(isText);
  }

  /** A value as it stands, with the places of all that is in it. */
  private take(part: Part, path: Path): unknown {
    this.place(part, path);
    const { value } = part;
    if (Array.isArray(value)) return partsOf(part).map((each, index) => this.take(each, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.keys(value).map(key => [key, this.take(below(part, key), [...path, key])]));
  }

  private place({ document, path: from }: Part, path: Path): void {
    const place = document.places.get(keyOf(from));
    if (place !== undefined) this.places.set(keyOf(path), place);
  }
}

const partsOf = (list: Part): Part[] => listAt(list.value, []).map((_, index) => below(list, index));

const nameOf = (entry: Part, key: string): unknown => valueAt(entry.value, [key]);

/** Entries without a name are nobody's. */
const isNamed = (entry: Part, key: string): boolean => isText(nameOf(entry, key));

const isText = (value: unknown): boolean => typeof value === 'string';

/** What is said of the entry was meant for another one: its keys would not fit. */
function otherKind({ base, own }: Pair, { key, kind }: Keyed, path: Path): Diagnostic {
  const { file, line } = placeOf(base.document, [...base.path, kind]);
  const [is, was] = [own, base].map(each => JSON.stringify(nameOf(each, kind)));
  return faultAt(placeOf(own.document, [...own.path, kind]), formatPath(path), {
    message: `is ${is}, and ${JSON.stringify(nameOf(base, key))} is of ${kind} ${was} at ${file}:${line}`,
    hint: `take that one away with \`${kind}: null\`, and give yours another ${key}`,
  });
}

/** The schema of an entry with what follows from its kind (`allOf` with `if` and `then`). */
function schemaOf(items: SchemaObject, kind: string, value: unknown): SchemaObject {
  const branch = listAt(items, ['allOf']).find(each => valueAt(each, ['if', 'properties', kind, 'const']) === value);
  return { properties: { ...mappingAt(items, ['properties']), ...mappingAt(branch, ['then', 'properties']) } };
}

/** Equal for equal values, whatever the order of their keys is. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isMapping(value)) return JSON.stringify(value);
  const entries = Object.keys(value).toSorted(compareText);
  return `{${entries.map(key => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
