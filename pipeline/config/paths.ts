/** Places inside a document: `['stages', 2, 'options']` in code, `stages[2].options` for people. */

export type Path = readonly (string | number)[];

/** A step of a written path, and the column (from 1) at which it stands in its text. */
export interface Segment {
  name: string | number;
  col: number;
}

/** ['partitions', 1, 'size'] -> `partitions[1].size`; keys that are no plain words go into `["…"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const name of path) {
    if (typeof name === 'number') text += `[${name}]`;
    else if (!/^[\w-]+$/.test(name)) text += `[${JSON.stringify(name)}]`;
    else text += text === '' ? name : `.${name}`;
  }
  return text;
}

/** The reverse of formatPath; null for a text that is no path. */
export function parsePath(text: string): Segment[] | null {
  const segments: Segment[] = [];
  const token = /\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|(\.?)([^.[\]]+)/y;
  while (token.lastIndex < text.length) {
    const col = token.lastIndex + 1;
    const [, index, quoted, dot, word] = token.exec(text) ?? [];
    if (index !== undefined) segments.push({ name: Number(index), col });
    else if (quoted !== undefined) {
      const name = unquote(quoted);
      if (name === null) return null;
      segments.push({ name, col });
    } else if (word !== undefined && (dot === '') === (col === 1))
      segments.push({ name: word, col: col + (dot?.length ?? 0) });
    else return null;
  }
  return segments.length === 0 ? null : segments;
}

/** A JSON string -> its text; null for one with an escape that JSON does not have. */
function unquote(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

/** JSON pointer (RFC 6901) of ajv -> Path; the value tells list indices from keys. */
export function pathOfPointer(pointer: string, value: unknown): Path {
  const path: (string | number)[] = [];
  let here = value;
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(here) ? Number(name) : name);
    here = valueAt(here, path.slice(-1));
  }
  return path;
}

/** The value at a path; undefined when the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string | number, unknown>)[name];
  }
  return here;
}

/** The value as a mapping; an empty one for anything else, so that rules can read half-wrong documents. */
export function mappingAt(value: unknown, path: Path): Record<string, unknown> {
  const found = valueAt(value, path);
  return isMapping(found) ? found : {};
}

/** The value as a list; an empty one for anything else. */
export function listAt(value: unknown, path: Path): unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

/** A value of a document as text. Not String(): a mapping with a key `toString` has no text of its own. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
