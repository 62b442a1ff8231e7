/** All that may be written in the documents of a project, from their schemas. */
import type { DocumentKey } from '../formats/document-key.ts';
import { flowText } from '../formats/flow-text.ts';
import { imageSchema } from './image-schema.ts';
import type { StageSchema } from './image-schema.ts';
import { formOf, leftOutOf } from './key-form.ts';
import { layoutSchema } from './layout-schema.ts';
import { manifestSchema } from './manifest-schema.ts';
import { overlaySchema } from './overlay-schema.ts';
import { schemaKeys } from './schema-keys.ts';
import type { SchemaKey } from './schema-keys.ts';
import type { SchemaObject } from './schema-words.ts';

/** Stages by name, with what they are for. */
export type DescribedStages = Readonly<Record<string, StageSchema & { readonly summary: string }>>;

/** Every key of every kind of document: in the order of the schemas; of an image, those of its stages last. */
export function documentKeys(stages: DescribedStages): DocumentKey[] {
  return [
    ...keysOf('image', schemaKeys(imageSchema(stages))),
    ...Object.entries(stages).flatMap(([name, stage]) => keysOf('image', stageKeys(name, stage))),
    ...keysOf('layout', schemaKeys(layoutSchema)),
    ...keysOf('manifest', schemaKeys(manifestSchema)),
    ...keysOf('overlay', schemaKeys(overlaySchema)),
  ];
}

/** `stages.uki`, `stages.uki.inputs.kernel`, `stages.uki.options.cmdline`. */
function stageKeys(name: string, { summary, schema, inputs }: DescribedStages[string]): SchemaKey[] {
  const path = ['stages', name];
  return [
    { path, needed: false, schema: { description: sentence(summary), 'x-form': 'a stage' } },
    ...Object.entries(inputs).map(([input, need]) => ({
      path: [...path, 'inputs', input],
      needed: need === 'required' && input !== '*',
      schema: inputSchema(input, need),
    })),
    ...schemaKeys(schema, [...path, 'options']),
  ];
}

function inputSchema(name: string, need: 'required' | 'optional'): SchemaObject {
  return {
    description:
      name === '*' ? 'Any other input: the step whose artifact it reads.' : 'The step whose artifact it reads.',
    'x-form': 'id of a step',
    ...(need === 'optional' || name === '*' ? { 'x-default': 'the step reads none' } : {}),
  };
}

function keysOf(kind: DocumentKey['kind'], keys: readonly SchemaKey[]): DocumentKey[] {
  return keys.map(({ path, schema, needed }) => ({
    kind,
    path: path.join('.'),
    form: typeof schema['x-form'] === 'string' ? schema['x-form'] : formOf(schema),
    needed,
    leftOut: needed ? '' : leftOutOf(schema),
    examples: Array.isArray(schema['examples']) ? schema['examples'].map(flowText) : [],
    description: descriptionOf(schema),
  }));
}

/** Other lists get longer, as `extends` itself tells. */
function descriptionOf(schema: SchemaObject): string {
  const joined = schema['x-exact'] === true ? ' With `extends` it replaces the list of the base.' : '';
  return typeof schema['description'] === 'string' ? `${schema['description']}${joined}` : '';
}

const sentence = (summary: string): string => `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
