/** Why a step has another key than last time: the parts of both keys, compared down to the single option. Pure. */

export interface Change {
  /** The part of the key: `stage`, `epoch`, `options.compression`, `tool erofs-utils`, `input tree`, … */
  what: string;
  /** Null when there was none. */
  was: string | null;
  /** Null when there is none any more. */
  is: string | null;
}

type Parts = Readonly<Record<string, string>>;

/** What differs between the parts of two keys (PlannedStep.parts), in the order of their names. */
export function changedParts(was: Parts, is: Parts): Change[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return names.flatMap(what => {
    const [before, now] = [was[what] ?? null, is[what] ?? null];
    if (before === now) return [];
    return what === 'options' && before !== null && now !== null
      ? changedValues(what, JSON.parse(before), JSON.parse(now))
      : [{ what, was: before, is: now }];
  });
}

function changedValues(what: string, was: unknown, is: unknown): Change[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  const [before, now] = [fieldsOf(was), fieldsOf(is)];
  if (before === null || now === null) return [{ what, was: textOf(was), is: textOf(is) }];
  const names = [...new Set([...before.keys(), ...now.keys()])];
  const changes = names.flatMap(name => changedValues(`${what}${name}`, before.get(name), now.get(name)));
  return changes.length > 0 ? changes : [{ what: `${what} (their order)`, was: null, is: null }];
}

/** The values in an object or array by how they are called below it; null for a single value. */
function fieldsOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value).map(([name, each]) => [`.${name}`, each]));
  const names = value.map(nameOf);
  const named = names.every(name => name !== null) && new Set(names).size === names.length;
  return new Map(value.map((each, index): [string, unknown] => [`[${named ? names[index] : index}]`, each]));
}

/** What a person would call a member of a list: an insertion before it does not make it another one. */
function nameOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return null;
  const name = (['path', 'name', 'id', 'target'] as const)
    .map(field => (value as Record<string, unknown>)[field])
    .find(each => typeof each === 'string');
  return typeof name === 'string' ? name : null;
}

function textOf(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
