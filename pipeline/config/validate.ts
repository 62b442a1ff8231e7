/** JSON Schema (2020-12) against a document: diagnostics, and the names of other documents it holds. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, FuncKeywordDefinition } from 'ajv/dist/2020.js';
import { formatSize, parseSize, SIZE_PATTERN } from '../formats/bytes.ts';
import type { Bytes } from '../formats/bytes.ts';
import { faultAt } from './diagnostic.ts';
import { placeOf } from './document.ts';
import type { Document } from './document.ts';
import { explain } from './explain.ts';
import { pathOfPointer } from './paths.ts';
import type { Path } from './paths.ts';
import type { SchemaObject } from './schema-words.ts';
import type { Diagnostic } from './types.ts';
import { mergeBranches } from './unions.ts';

export type ReferenceKind = 'layout' | 'manifest' | 'overlay' | 'file';

/** Another document of the project, named by this one (`x-document` in the schema). */
export interface Reference {
  kind: ReferenceKind;
  name: string;
  path: Path;
}

export interface Validation {
  faults: Diagnostic[];
  /** Values that rules must leave alone. */
  faulty: Path[];
  references: Reference[];
}

export type Validator = (document: Document) => Validation;

/**
 * Compiles a schema. Beyond 2020-12 it knows: `x-document` (names a document of the project), `x-allowed` (words for
 * a pattern: "a package name"), `x-noun` (what an enum or a map of names holds: "stage"), `x-size` ({min, max} bytes),
 * `x-default` (what a key is when it is left out, in words), `x-keyed` and `x-exact` (how a list is joined with that of
 * a document it extends: see merge.ts).
 */
export function compileSchema(schema: SchemaObject): Validator {
  const found: Reference[] = [];
  // Against the meta-schema a test checks them all: compiling that costs each start 100 ms. `strict` stays.
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    allErrors: true,
    verbose: true,
    validateSchema: false,
    // Its passes over the generated code cost each start 100 ms of processor; documents are too small to win that back.
    code: { optimize: false },
  });
  ajv.addKeyword({ keyword: ['x-allowed', 'x-noun', 'x-default'], schemaType: 'string' });
  ajv.addKeyword({ keyword: 'x-exact', schemaType: 'boolean' });
  ajv.addKeyword({ keyword: 'x-keyed', schemaType: 'object' });
  ajv.addKeyword({ keyword: 'x-size', type: 'string', schemaType: 'object', validate: checkSize });
  ajv.addKeyword({
    keyword: 'x-document',
    type: 'string',
    schemaType: 'string',
    validate: (
      kind: ReferenceKind,
      name: string,
      _parent?: unknown,
      context?: { instancePath: string; rootData: unknown },
    ) => {
      found.push({ kind, name, path: pathOfPointer(context?.instancePath ?? '', context?.rootData) });
      return true;
    },
  });
  const validate = ajv.compile(schema);
  return document => {
    found.length = 0;
    validate(document.value);
    const errors = mergeBranches(validate.errors ?? []);
    const findings = explain(errors, document);
    const faults = findings.map(({ path, shown, at, message, hint }) =>
      faultAt(placeOf(document, path, at), shown, { message, hint }),
    );
    return {
      faults,
      faulty: findings.filter(({ harmless }) => !harmless).map(({ path }) => path),
      references: [...found],
    };
  };
}

type SizeCheck = NonNullable<FuncKeywordDefinition['validate']>;

/** Zero and huge sizes pass the pattern, and so does half a byte. */
const checkSize: SizeCheck = (limits: { min: Bytes; max: Bytes }, text: string) => {
  const bytes = parseSize(text);
  let message = '';
  let hint = '';
  if (bytes === null) {
    // What is no size at all is the pattern's fault.
    if (!new RegExp(SIZE_PATTERN).test(text)) return true;
    message = 'is not a whole number of bytes that a disk can have';
  } else if (bytes < limits.min) {
    message = 'is too small';
    hint = `at least ${formatSize(limits.min)}`;
  } else if (bytes > limits.max) {
    message = 'is too large';
    hint = `at most ${formatSize(limits.max)}`;
  }
  const error: Partial<ErrorObject> = { keyword: 'x-size', message, params: { hint } };
  checkSize.errors = [error];
  return message === '';
};
