/** The words that schemas share: sizes, modes, names, paths. */
import { SIZE_PATTERN } from '../formats/bytes.ts';
import type { Bytes } from '../formats/bytes.ts';

export type SchemaObject = Record<string, unknown>;

/** The largest disk of a VHDX (MS-VHDX 2.6.2.1). */
export const MOST_BYTES: Bytes = 64 * 2 ** 40;

export const dialect = 'https://json-schema.org/draft/2020-12/schema';

/** A mapping with these keys and no others. */
export function mapping(required: readonly string[], properties: Record<string, SchemaObject>): SchemaObject {
  return { type: 'object', additionalProperties: false, required: [...required], properties };
}

/** `"8 MiB"`, between min and the largest disk. */
export function size(description: string, min: Bytes): SchemaObject {
  return { type: 'string', pattern: SIZE_PATTERN, 'x-size': { min, max: MOST_BYTES }, description };
}

/** A string of a form; `allowed` finishes the sentence "must be …". */
export function text(description: string, pattern: string, allowed: string): SchemaObject {
  return { type: 'string', pattern, 'x-allowed': allowed, description };
}

/** Any string on one line. */
export function line(description: string): SchemaObject {
  return text(description, String.raw`^[^\n\r\t]*$`, 'a string on one line');
}

/** What a key is when it is left out: a value, as it would be written. */
export const defaultsTo = (schema: SchemaObject, value: unknown): SchemaObject => ({ ...schema, default: value });

/** The same in words, for what is computed, and for what is then not there. */
export const leftOut = (schema: SchemaObject, words: string): SchemaObject => ({ ...schema, 'x-default': words });

/** Values as they would be written. */
export const examples = (schema: SchemaObject, ...values: unknown[]): SchemaObject => ({ ...schema, examples: values });

export function list(description: string, items: SchemaObject): SchemaObject {
  return { type: 'array', items, description };
}

/** `extends:` of the documents that have it; read before anything else is. */
export const extending = (description: string, example: string): SchemaObject =>
  leftOut(examples(text(description, documentPattern, documentWords), example), 'it stands alone');

/** One word of a list; `noun` says what it is. */
export function oneOf(description: string, values: readonly string[], noun: string): SchemaObject {
  return { type: 'string', enum: [...values], 'x-noun': noun, description };
}

export const flag = (description: string): SchemaObject => ({ type: 'boolean', description });

/** What ids, images and documents are called. */
export const idPattern = '^[a-z][a-z0-9-]*$';
export const idWords = 'a name of a-z, 0-9 and "-", beginning with a letter';
/** Nothing in it can leave the folder. */
export const documentPattern = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
export const documentWords = 'a plain name without folders';

/** Absolute, without a `..` step, on one line. */
export const absolutePattern = String.raw`^(?!.*/\.\.(?:/|$))/[^\n\r]*$`;
export const absoluteWords = 'an absolute path without ".."';

export const mode = (description: string): SchemaObject =>
  text(description, '^[0-7]{3,4}$', 'a mode of 3 or 4 octal digits in quotes, e.g. "0644"');

export const absolutePath = (description: string): SchemaObject => text(description, absolutePattern, absoluteWords);

export const id = (description: string): SchemaObject => text(description, idPattern, idWords);

/** The name of another document; `kind` says of which. */
export const documentName = (description: string, kind: string): SchemaObject => ({
  ...text(description, documentPattern, documentWords),
  'x-document': kind,
});
