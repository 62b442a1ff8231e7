import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { allSchemas } from '../../pipeline/config/schemas.ts';
import { compileSchema } from '../../pipeline/config/validate.ts';
import { STAGES } from '../../pipeline/stages/index.ts';
import { stages } from './stages.ts';

const schemas = allSchemas(stages);

/** Every schema of a key, with its path. */
function keysOf(schema: unknown, place: string): [string, Record<string, unknown>][] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, inner]: [string, unknown]) => {
    const named = keyword === 'properties' && !Array.isArray(inner);
    const own = named
      ? Object.entries(inner as object).map(([key, each]): [string, Record<string, unknown>] => [
          `${place}/${key}`,
          each as Record<string, unknown>,
        ])
      : [];
    return [...own, ...keysOf(inner, `${place}/${keyword}`)];
  });
}

test('every key of the documents says what it is', () => {
  const own = Object.entries(schemas).flatMap(([file, schema]) => keysOf({ ...schema, allOf: [], else: {} }, file));
  const silent = own.filter(
    ([place, schema]) => !place.includes('/allOf/') && typeof schema['description'] !== 'string',
  );
  expect(silent.map(([place]) => place)).toEqual([]);
  expect(own.length).toBeGreaterThan(60);
});

test.each(Object.keys(schemas))('%s is JSON, and 2020-12 for readers that know none of our keywords', file => {
  const schema: unknown = JSON.parse(JSON.stringify(schemas[file]));
  expect(schema).toEqual(schemas[file]);
  const ajv = new Ajv2020({ strict: false });
  expect(ajv.validateSchema(schema as object)).toBe(true);
  expect(() => ajv.compile(schema as object)).not.toThrow();
});

test('the schemas of the real stages fit the meta-schema, and pass strict mode', () => {
  const schema = allSchemas(STAGES)['image.schema.json'] ?? {};
  const ajv = new Ajv2020({ strict: false });
  expect(ajv.validateSchema(schema), ajv.errorsText()).toBe(true);
  expect(() => compileSchema(schema)).not.toThrow();
});

test('an editor sees the options of the stage that a step names', () => {
  const validate = new Ajv2020({ strict: false }).compile(schemas['image.schema.json'] ?? {});
  const image = (step: object): object => ({
    name: 'z',
    version: '1',
    layout: 'l',
    epoch: '1941000000',
    stages: [{ id: 'i', ...step }],
  });
  const verdicts = [
    { stage: 'filesystem', inputs: { tree: 't' }, options: { compression: 'lz4' } },
    { stage: 'filesystem', inputs: { tree: 't' }, options: { compression: 'lz5' } },
    { stage: 'filesystem', inputs: { tree: 't' }, options: { manifest: 'm' } },
    { stage: 'filesystem', options: {} },
    { stage: 'filesystem', inputs: { tree: 't' }, options: { extra: ['-a'] } },
    { stage: 'filesystem', inputs: { tree: 't' }, options: { extra: ['a'] } },
    { stage: 'packages' },
    { stage: 'disk' },
  ].map(step => validate(image(step)));
  expect(verdicts).toEqual([true, false, false, false, true, false, false, true]);
});

test('an editor takes a document that extends another as it is written', () => {
  const ajv = new Ajv2020({ strict: false });
  const image = ajv.compile(schemas['image.schema.json'] ?? {});
  const manifest = ajv.compile(schemas['manifest.schema.json'] ?? {});
  const step = { id: 'i', options: { compression: null, label: 'l' } };
  const verdicts = [
    image({ extends: 'b', name: 'z' }),
    image({ extends: 'b', name: 'z', layout: null, budgets: { root: null, setuid: 3 }, stages: [step] }),
    image({ extends: 'b', name: 'z', stages: [null, { id: 'i', stage: null }] }),
    image({ extends: 'b' }),
    image({ extends: 'b', name: 'z', layuot: 'l' }),
    image({ name: 'z', stages: [step] }),
    image({ name: 'z', version: '1', layout: 'l', epoch: '7', stages: [step] }),
    manifest({ extends: 'b', suite: null, packages: [null, 'pp'], units: { mask: null } }),
    manifest({ extends: 7 }),
    manifest({ packages: ['pp'] }),
  ];
  expect(verdicts).toEqual([true, true, true, false, false, false, false, true, false, false]);
});

test('a misspelt keyword in the schema of a stage is a bug, not a silence', () => {
  expect(() => compileSchema({ type: 'object', proprties: {} })).toThrow('unknown keyword: "proprties"');
});
