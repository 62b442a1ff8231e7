/** The schemas as files, for editors: of documents as they are written, before what they extend is joined to them. */
import { imageSchema } from './image-schema.ts';
import type { StageSchemas } from './image-schema.ts';
import { leftOutOf } from './key-form.ts';
import { layoutSchema } from './layout-schema.ts';
import { manifestSchema } from './manifest-schema.ts';
import { overlaySchema } from './overlay-schema.ts';
import { isMapping, listAt, mappingAt } from './paths.ts';
import type { SchemaObject } from './schema-words.ts';

/** File name below schema/ -> JSON Schema (2020-12). */
export function allSchemas(stages: StageSchemas): Record<string, SchemaObject> {
  return {
    'image.schema.json': telling(imageAsWritten(imageSchema(stages))),
    'layout.schema.json': telling(layoutSchema),
    'manifest.schema.json': telling(asWritten(manifestSchema, [])),
    'overlay.schema.json': telling(overlaySchema),
  };
}

/** A step that changes one of the base needs no stage. */
function imageAsWritten(schema: SchemaObject): SchemaObject {
  const written = asWritten(schema, ['name']);
  const { stages, ...properties } = mappingAt(written, ['properties']);
  const items = mappingAt(stages, ['items']);
  const step = { type: 'object', required: listAt(items, ['required']) };
  const complete = { stages: { type: 'array', items: step } };
  return {
    ...written,
    properties: { ...properties, stages: { ...(stages as SchemaObject), items: { ...items, required: ['id'] } } },
    else: { ...mappingAt(written, ['else']), properties: complete },
  };
}

/** With `extends`, only `needed` must be there, and a null takes away what the base says. */
function asWritten(schema: SchemaObject, needed: readonly string[]): SchemaObject {
  const { required, ...rest } = schema;
  return { ...nullable(rest), required: [...needed], if: { required: ['extends'] }, else: { required } };
}

/** Every key of it may be null too, and every entry of a list. */
function nullable(schema: SchemaObject): SchemaObject {
  const { properties, items, allOf, then: consequence } = schema;
  return {
    ...schema,
    ...(isMapping(properties) ? { properties: eachOrNull(properties) } : {}),
    ...(isMapping(items) ? { items: orNull(items) } : {}),
    ...(Array.isArray(allOf) ? { allOf: allOf.map(each => nullable(each as SchemaObject)) } : {}),
    // oxlint-disable-next-line unicorn/no-thenable
    ...(isMapping(consequence) ? { then: nullable(consequence) } : {}),
  };
}

const eachOrNull = (properties: Record<string, unknown>): Record<string, SchemaObject> =>
  Object.fromEntries(Object.entries(properties).map(([key, each]) => [key, orNull(each as SchemaObject)]));

function orNull(schema: SchemaObject): SchemaObject {
  const inner = nullable(schema);
  return {
    ...inner,
    ...(inner['type'] === undefined ? {} : { type: [...[inner['type']].flat(), 'null'] }),
    ...(Array.isArray(inner['enum']) ? { enum: [...(inner['enum'] as unknown[]), null] } : {}),
    ...(Array.isArray(inner['anyOf']) ? { anyOf: [...(inner['anyOf'] as unknown[]), { type: 'null' }] } : {}),
  };
}

/** Editors show the description of a key alone: its default stands there too. */
function telling(schema: SchemaObject): SchemaObject {
  const inner = Object.fromEntries(Object.entries(schema).map(([keyword, value]) => [keyword, deep(keyword, value)]));
  const usual = leftOutOf(schema);
  const { description } = schema;
  return typeof description === 'string' && usual !== ''
    ? { ...inner, description: `${description} Default: ${usual}.` }
    : inner;
}

/** Values that stand in a schema are no schemas. */
function deep(keyword: string, value: unknown): unknown {
  if (['default', 'examples', 'enum', 'const'].includes(keyword)) return value;
  if (Array.isArray(value)) return value.map(each => deep('', each));
  return isMapping(value) ? telling(value) : value;
}
