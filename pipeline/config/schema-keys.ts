/** The keys of a schema, each with the schema of its value. Pure. */
import { isMapping } from './paths.ts';
import type { SchemaObject } from './schema-words.ts';

export interface SchemaKey {
  /** Names from the top; `*` for a key of any name. Lists add nothing. */
  path: readonly string[];
  schema: SchemaObject;
  needed: boolean;
}

/** Every key below a schema, in its order, each before those that it holds. */
export function schemaKeys(schema: SchemaObject, above: readonly string[] = []): SchemaKey[] {
  return mappingsOf(schema).flatMap(each => [...namedKeys(each, above), ...freeKeys(each, above)]);
}

function namedKeys({ properties, required }: SchemaObject, above: readonly string[]): SchemaKey[] {
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(isMapping(properties) ? properties : {}).flatMap(([name, schema]) =>
    isMapping(schema) ? withInner({ path: [...above, name], schema, needed: needed.includes(name) }) : [],
  );
}

/** A mapping with keys of any name tells of them when their values have keys. */
function freeKeys({ additionalProperties }: SchemaObject, above: readonly string[]): SchemaKey[] {
  if (!isMapping(additionalProperties) || mappingsOf(additionalProperties).length === 0) return [];
  return withInner({ path: [...above, '*'], schema: additionalProperties, needed: false });
}

const withInner = (key: SchemaKey): SchemaKey[] => [key, ...schemaKeys(key.schema, key.path)];

/** The schema itself, the items of a list, or the branches that are mappings. */
function mappingsOf(schema: SchemaObject): SchemaObject[] {
  const { anyOf, oneOf, items } = schema;
  const branches = [anyOf, oneOf].flatMap(each => (Array.isArray(each) ? each : [])).filter(isMapping);
  const inner = [...branches, ...(isMapping(items) ? [items] : [])].flatMap(mappingsOf);
  const own = isMapping(schema['properties']) || isMapping(schema['additionalProperties']);
  return own ? [schema, ...inner] : inner;
}
