/** What a schema says of a key, in words. */
import { formatSize, SIZE_PATTERN } from '../formats/bytes.ts';
import type { Bytes } from '../formats/bytes.ts';
import { flowText } from '../formats/flow-text.ts';
import { isMapping } from './paths.ts';
import type { SchemaObject } from './schema-words.ts';

/** `one of: on, off`, `a whole number from 1 to 65535`, `a list; each: an absolute path without ".."`. */
export function formOf(schema: SchemaObject): string {
  if (Object.hasOwn(schema, 'const')) return flowText(schema['const']);
  if (Array.isArray(schema['enum'])) return `one of: ${schema['enum'].map(flowText).join(', ')}`;
  if (Array.isArray(schema['anyOf'])) return schema['anyOf'].filter(isMapping).map(formOf).join(', or ');
  const document = schema['x-document'];
  if (typeof document === 'string')
    return document === 'file' ? 'path of a file of the project' : `name of ${article(document)}`;
  if (Object.hasOwn(schema, 'x-size') || schema['pattern'] === SIZE_PATTERN) return sizeForm(schema['x-size']);
  switch (schema['type']) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number from ${String(schema['minimum'])} to ${String(schema['maximum'])}`;
    case 'array':
      return isMapping(schema['items']) ? `a list; each: ${formOf(schema['items'])}` : 'a list';
    case 'object':
      return 'a mapping';
    default:
      return typeof schema['x-allowed'] === 'string' ? schema['x-allowed'] : 'text';
  }
}

/** What a key is when it is not written: its default as YAML, or in words; empty where the schema says nothing. */
export function leftOutOf(schema: SchemaObject): string {
  if (Object.hasOwn(schema, 'default')) return flowText(schema['default']);
  return typeof schema['x-default'] === 'string' ? schema['x-default'] : '';
}

function sizeForm(limits: unknown): string {
  const least: Bytes = isMapping(limits) ? Number(limits['min']) : 0;
  return `a size in quotes, e.g. "8 MiB"${least > 1 ? `; at least ${formatSize(least)}` : ''}`;
}

const article = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
