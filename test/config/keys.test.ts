import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { imageSchema } from '../../pipeline/config/image-schema.ts';
import { documentKeys } from '../../pipeline/config/keys.ts';
import { layoutSchema } from '../../pipeline/config/layout-schema.ts';
import { manifestSchema } from '../../pipeline/config/manifest-schema.ts';
import { overlaySchema } from '../../pipeline/config/overlay-schema.ts';
import { schemaKeys } from '../../pipeline/config/schema-keys.ts';
import { STAGES } from '../../pipeline/stages/index.ts';

const keys = documentKeys(STAGES);
const called = new Map(keys.map(key => [`${key.kind} ${key.path}`, key]));

test('every key says what it is, and what it is when it is left out', () => {
  expect(keys.length).toBeGreaterThan(200);
  expect(keys.filter(key => !/[.?]$/.test(key.description)).map(key => key.path)).toEqual([]);
  const silent = keys.filter(key => !key.needed && key.leftOut === '' && !/^stages\.[^.]+$|\*$/.test(key.path));
  expect(silent.map(key => key.path)).toEqual([]);
});

test('a default stands in one place: the text of a key does not tell it again', () => {
  expect(keys.filter(key => /default/i.test(key.description) && !/`defaults`|\{\}/.test(key.description))).toEqual([]);
});

test('what may be written, in words', () => {
  const form = (name: string): string | undefined => called.get(name)?.form;
  expect(form('image verifiedBoot')).toBe('one of: off, on, enforced');
  expect(form('image layout')).toBe('name of a layout');
  expect(form('image firewall.allow.limit')).toBe('none, or a mapping');
  expect(form('image firewall.allow.port')).toBe('a whole number from 1 to 65535');
  expect(form('image stages.tree.options.overlays')).toBe('a list; each: name of an overlay');
  expect(form('image stages.command.options.script')).toBe('path of a file of the project');
  expect(form('image stages.uki.inputs.kernel')).toBe('id of a step');
  expect(form('layout alignment')).toBe('a size in quotes, e.g. "8 MiB"; at least 512 B');
  expect(form('layout partitions.grow')).toBe('true or false');
  expect(form('overlay entries.*.mode')).toBe('a mode of 3 or 4 octal digits in quotes, e.g. "0644"');
});

test('defaults and examples are YAML as one would write it here', () => {
  expect(called.get('layout partitions.reserve')?.leftOut).toBe('"0 B"');
  expect(called.get('layout overlays.paths.flags')?.leftOut).toBe('[nosuid, nodev]');
  expect(called.get('image firewall.allow')?.examples).toEqual(['[{ port: 5000, from: ["192.0.2.0/24"] }]']);
  expect(called.get('image updates.compatible')?.leftOut).toBe('the name of the image');
  expect(called.get('image name')).toMatchObject({ needed: true, leftOut: '' });
});

const schemas = [
  imageSchema(STAGES),
  layoutSchema,
  manifestSchema,
  overlaySchema,
  ...Object.values(STAGES).map(each => each.schema),
];

test('a list that replaces that of the base says so', () => {
  expect(called.get('image firewall.ssh.from')?.description).toBe(
    'Addresses or networks that are let in. With `extends` it replaces the list of the base.',
  );
  for (const each of ['image firewall.allow', 'image firewall.allow.from'])
    expect(called.get(each)?.description).not.toContain('extends');
});

test('every default and every example is what its schema accepts', () => {
  const ajv = new Ajv2020({ strict: false });
  const refused = schemas
    .flatMap(each => schemaKeys(each))
    .flatMap(({ path, schema }) => {
      const values = [
        ...(Object.hasOwn(schema, 'default') ? [schema['default']] : []),
        ...((schema['examples'] as unknown[]) ?? []),
      ];
      return values
        .filter(value => !ajv.validate(schema, value))
        .map(value => `${path.join('.')}: ${JSON.stringify(value)}`);
    });
  expect(refused).toEqual([]);
});
