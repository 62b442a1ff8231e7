/** ajv's errors -> sentences: the value found, what is allowed, the way out. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import { isWritten, sourceOf } from './document.ts';
import type { Document } from './document.ts';
import { flowText } from '../formats/flow-text.ts';
import { nearest, suggest } from './nearest.ts';
import { formatPath, mappingAt, pathOfPointer, valueText } from './paths.ts';
import type { Path } from './paths.ts';
import { allowedValues, describeValue, namesOf, wrongForm, wrongType } from './wording.ts';

export interface Finding {
  /** Where to point. */
  path: Path;
  /** The path to print. */
  shown: string;
  at: 'key' | 'value';
  message: string;
  hint: string;
  /** The value can still be read as it stands: a key that is nobody's typing error was put beside it. */
  harmless: boolean;
}

interface Sentence {
  message: string;
  hint?: string;
  /** Steps below the error's own path. */
  below?: Path;
  at?: 'key' | 'value';
}

/** One finding for each error that tells something new. */
export function explain(errors: readonly ErrorObject[], document: Document): Finding[] {
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
  const typos = new Set(errors.map(error => typoOf(error, document)).filter(typo => typo !== ''));
  const telling = errors.filter(error => {
    if (error.keyword === 'propertyNames') return false;
    if (error.keyword === 'required' && typos.has(`${error.instancePath}/${error.params['missingProperty']}`))
      return false;
    // What is missing in a mapping that a misspelt key holds.
    if (error.keyword === 'required' && typos.has(error.instancePath)) return false;
    // A value of the wrong type fails its enum too; a size without a unit its pattern and its limits.
    return error.keyword === 'type' || !mistyped.has(error.instancePath) || error.propertyName !== undefined;
  });
  return telling.map(error => {
    const path = pathOfPointer(error.instancePath, document.value);
    const key = error.propertyName === undefined ? path : [...path, error.propertyName];
    const sentence = sentenceOf(error, document, sourceOf(document, key));
    const { message, hint = '', below = [], at = error.propertyName === undefined ? 'value' : 'key' } = sentence;
    const shown = isUnknownKey(error) ? path : [...path, ...below];
    const harmless = isUnknownKey(error) && typoOf(error, document) === '';
    return { path: [...key, ...below], shown: formatPath(shown), at, message, hint, harmless };
  });
}

/** `/partitions/1/size` for an unknown key `sise` there: then the missing `size` is the same mistake. */
function typoOf(error: ErrorObject, document: Document): string {
  if (!isUnknownKey(error)) return '';
  const near = nearest(unknownKeyOf(error), freeKeys(error, document));
  return near === null ? '' : `${error.instancePath}/${near}`;
}

function sentenceOf(error: ErrorObject, document: Document, source: string | null): Sentence {
  const { keyword, params, data } = error;
  const schema = error.parentSchema ?? {};
  const value = error.propertyName ?? data;
  // Before anything is said of the value: that is the whole mapping, once more for each of its keys.
  if (isUnknownKey(error)) return unknownKey(error, document);
  const found = describeValue(value, source);
  switch (keyword) {
    case 'required':
      return missingKey(error);
    case 'type':
      return wrongType(schema, data, source);
    case 'enum':
    case 'const':
    case 'anyOf':
    case 'oneOf':
      return allowedValues(schema, value, source);
    case 'pattern':
      return wrongForm(schema, valueText(value));
    case 'x-size':
      return { message: `${found} ${error.message}`, hint: String(params['hint']) };
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return { message: `must be ${params['comparison']} ${params['limit']}, found ${found}` };
    case 'minLength':
      if (data === '') return { message: 'must not be empty' };
      return { message: `${found} is too short`, hint: `at least ${params['limit']} characters` };
    case 'maxLength':
      return { message: `${found} is too long`, hint: `at most ${params['limit']} characters` };
    case 'minItems':
      return { message: `must have at least ${params['limit']} of them, found ${found}` };
    case 'minProperties':
      return {
        message: `must have at least ${params['limit']} key, found ${found}`,
        hint: suggest('', freeKeys(error, document)),
      };
    case 'maxItems':
      return { message: `must have at most ${params['limit']} of them, found ${found}` };
    case 'uniqueItems':
      return { message: `the same as [${params['j']}]`, below: [Number(params['i'])] };
    case 'false schema':
    case 'not':
      return wrongForm(schema, valueText(value));
    default:
      return { message: `${found} ${error.message ?? 'is not allowed'}` };
  }
}

const isUnknownKey = ({ keyword }: ErrorObject): boolean =>
  keyword === 'additionalProperties' || keyword === 'unevaluatedProperties';

const unknownKeyOf = ({ params }: ErrorObject): string =>
  String(params['additionalProperty'] ?? params['unevaluatedProperty']);

function unknownKey(error: ErrorObject, document: Document): Sentence {
  const key = unknownKeyOf(error);
  const noun = String(error.parentSchema?.['x-noun'] ?? 'key');
  const known = namesOf(error.parentSchema?.['properties']);
  const free = freeKeys(error, document);
  // The key it should have been may stand there already: a duplicate with a typing error.
  let hint = suggest(key, nearest(key, free) === null && nearest(key, known) !== null ? known : free);
  if (known.length === 0) hint = `no ${noun}s are allowed here`;
  if (key === '<<') hint = 'YAML 1.2 has no merge keys: repeat the keys';
  return { message: `unknown ${noun} ${JSON.stringify(key)}`, hint, below: [key], at: 'key' };
}

/** Known keys that are not written yet; what is in the value only may be a default. */
function freeKeys(error: ErrorObject, document: Document): string[] {
  const path = pathOfPointer(error.instancePath, document.value);
  return namesOf(error.parentSchema?.['properties']).filter(name => !isWritten(document, [...path, name]));
}

function missingKey(error: ErrorObject): Sentence {
  const key = String(error.params['missingProperty']);
  const noun = String(error.parentSchema?.['x-noun'] ?? 'key');
  const { description: about, examples } = mappingAt(error.parentSchema, ['properties', key]);
  const example = Array.isArray(examples) ? `, e.g. ${flowText(examples[0])}` : '';
  const hint = typeof about === 'string' ? `${key}: ${about.replace(/\.$/, '')}${example}` : '';
  return { message: `missing ${noun} ${JSON.stringify(key)}`, hint };
}
