/** The sentences for a value that has the wrong type, form or name. */
import { SIZE_PATTERN } from '../formats/bytes.ts';
import { listed, nearest } from './nearest.ts';
import { isMapping, listAt, valueText } from './paths.ts';

interface Sentence {
  message: string;
  hint: string;
}

type Schema = Record<string, unknown>;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'nothing',
};

/** Values as the person wrote them: `"0644"` for a string, `the number 0644` for what YAML read as one. */
export function describeValue(value: unknown, source: string | null): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number') return `the number ${source ?? value}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (isMapping(value)) return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  return value === null || value === undefined ? 'nothing' : (source ?? JSON.stringify(value));
}

/** A value of another type than the schema's. */
export function wrongType(schema: Schema, value: unknown, source: string | null): Sentence {
  const wanted = typesOf(schema);
  const typed = source ?? valueText(value);
  const message = `must be ${wantedWords(schema)}, found ${describeValue(value, source)}`;
  if (value === null) return { message, hint: 'write a value, or leave the key out' };
  if (wanted.includes('string') && isScalarValue(value)) {
    if (isSize(schema)) return { message, hint: 'write a size with unit, e.g. "8 MiB"' };
    return { message, hint: `write it in quotes: "${typed}"` };
  }
  if (wanted.includes('array') && isScalarValue(value)) return { message, hint: `write a list: [${typed}]` };
  if (wanted.includes('boolean') && typeof value === 'string')
    return { message, hint: 'write true or false, without quotes' };
  const numeric = typeof value === 'string' && /^-?[0-9]+$/.test(value);
  if (numeric && (wanted.includes('integer') || wanted.includes('number')))
    return { message, hint: 'write it without quotes' };
  return { message, hint: '' };
}

/** A string that fails its pattern. */
export function wrongForm(schema: Schema, value: string): Sentence {
  const found = describeValue(value, null);
  if (!isSize(schema)) return { message: `must be ${formWords(schema)}, found ${found}`, hint: '' };
  const [, number, letter] = /^([0-9]+(?:\.[0-9]+)?) *([kmgt])i?b?$/i.exec(value) ?? [];
  if (number === undefined || letter === undefined) {
    return { message: `${found} is not a size`, hint: 'write a size with unit, e.g. "8 MiB"' };
  }
  const unit = `${letter.toUpperCase()}iB`;
  return { message: `${found} is not a size`, hint: `write ${unit}, "${number} ${unit}": units are binary` };
}

/** A value outside an enum, a const, or all branches of a union. */
export function allowedValues(schema: Schema, value: unknown, source: string | null): Sentence {
  const forms = [schema, ...listAt(schema, ['anyOf']), ...listAt(schema, ['oneOf'])].filter(isMapping);
  const values = forms.flatMap(form => (Object.hasOwn(form, 'const') ? [form['const']] : listAt(form, ['enum'])));
  const names = values.filter(each => typeof each === 'string');
  const others = forms.slice(1).filter(form => !Object.hasOwn(form, 'const') && !Object.hasOwn(form, 'enum'));
  const otherWords = [...new Set(others.map(form => wantedWords(form)))];
  const found = describeValue(value, source);
  if (values.length === 0) return { message: `must be ${otherWords.join(' or ')}, found ${found}`, hint: '' };
  const words = [listed(values.map(String)), ...otherWords].join(' or ');
  const quote = names.includes(source ?? '') && typeof value !== 'string';
  const near = typeof value === 'string' ? nearest(value, names) : null;
  const numbers =
    forms.some(form => typesOf(form).includes('integer')) && typeof value === 'string' && /^[0-9]+$/.test(value);
  const unquote =
    typeof value === 'string' && (numbers || values.some(each => typeof each !== 'string' && String(each) === value));
  let hint = near === null ? '' : `did you mean "${near}"?`;
  if (quote) hint = `write it in quotes: "${source}"`;
  if (unquote) hint = 'write it without quotes';
  if (typeof value !== 'string') return { message: `must be ${words}, found ${found}`, hint };
  const noun = textOf(schema, 'x-noun') ?? 'value';
  return { message: `unknown ${noun} ${found}, allowed: ${words}`, hint };
}

export const namesOf = (value: unknown): string[] => (isMapping(value) ? Object.keys(value) : []);

const isSize = (schema: Schema): boolean => schema['pattern'] === SIZE_PATTERN;

const isScalarValue = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';

const typesOf = (schema: Schema): string[] => [schema['type']].flat().filter(type => typeof type === 'string');

function wantedWords(schema: Schema): string {
  if (schema['x-allowed'] !== undefined || schema['pattern'] !== undefined) return formWords(schema);
  return typesOf(schema)
    .map(type => TYPES[type] ?? type)
    .join(' or ');
}

function formWords(schema: Schema): string {
  if (isSize(schema)) return 'a size';
  const pattern = textOf(schema, 'pattern');
  return textOf(schema, 'x-allowed') ?? (pattern === null ? 'left out' : `a string like ${pattern}`);
}

function textOf(schema: Schema, keyword: string): string | null {
  const text = schema[keyword];
  return typeof text === 'string' ? text : null;
}
