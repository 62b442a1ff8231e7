/** A key that is left out, and the same key with the default that its schema tells: both must resolve alike. */
import { expect, test } from 'vitest';
import { imageSchema } from '../../pipeline/config/image-schema.ts';
import { resolveImage, type ImageFile } from '../../pipeline/config/image.ts';
import { layoutSchema } from '../../pipeline/config/layout-schema.ts';
import { resolveLayout, type LayoutFile } from '../../pipeline/config/layout.ts';
import { manifestSchema } from '../../pipeline/config/manifest-schema.ts';
import { resolveManifest, type ManifestFile } from '../../pipeline/config/manifest.ts';
import { loadOverlay } from '../../pipeline/config/overlay.ts';
import { overlaySchema } from '../../pipeline/config/overlay-schema.ts';
import { schemaKeys, type SchemaKey } from '../../pipeline/config/schema-keys.ts';
import type { SchemaObject } from '../../pipeline/config/schema-words.ts';
import { STAGES } from '../../pipeline/stages/index.ts';
import { manifestOf, viewOf } from '../stages/documents.ts';
import { projectFolder } from './project-folder.ts';

/** What the keys with a default may stand in, and needs something of its own. */
const IMAGE = {
  name: 'galleon',
  version: '7.3',
  layout: 'stern',
  epoch: '1941000000',
  stages: [],
  updates: { keyring: 'ca.crt', signing: { key: 'a.key', certificate: 'a.crt' } },
};
const LAYOUT = {
  partitions: [{ name: 'BootB', size: '64 MiB', type: 'linux' }],
  overlays: { content: 'hold', store: '/.keep', paths: [{ path: '/etc' }], direct: [{ path: '/cargo' }] },
};
const MANIFEST = {
  suite: 'sid',
  mirrors: [{ url: 'http://mirror.example/debian' }],
  users: [{ name: 'keel', uid: 900 }],
  groups: [{ name: 'keel', gid: 900 }],
};

/** `inputs` and `options` of a step are filled in before the schema is asked: image-faults.test.ts. */
const image = withDefault(imageSchema(STAGES)).filter(({ path }) => path[0] !== 'stages');

test.each(rows(image))('image %s', (_, { path, schema }) => {
  const base = path.join('.').startsWith('firewall.allow.') ? { ...IMAGE, firewall: { allow: [{ port: 7 }] } } : IMAGE;
  compare(value => resolveImage(value as unknown as ImageFile, 'f'), { base, path, schema });
});

test.each(rows(withDefault(layoutSchema)))('layout %s', (_, { path, schema }) => {
  compare(value => resolveLayout(value as unknown as LayoutFile, { name: 'stern', file: 'f' }), {
    base: LAYOUT,
    path,
    schema,
  });
});

test.each(rows(withDefault(manifestSchema)))('manifest %s', (_, { path, schema }) => {
  compare(value => resolveManifest(value as unknown as ManifestFile, { name: 'cargo', file: 'f' }), {
    base: MANIFEST,
    path,
    schema,
  });
});

/** What a step needs beside the option that is tried. */
const OPTIONS: Record<string, object> = {
  tree: {},
  initrd: { manifest: 'cargo', root: 'sys' },
  filesystem: { content: 'hold' },
  verity: { content: 'sys' },
  uki: { content: 'kern' },
  selector: { boot: 'kern', state: 'state' },
  sign: {},
  compress: {},
  command: { script: 'scripts/caulk.sh' },
};
const view = viewOf({
  hasSigning: true,
  inputs: ['uki'],
  published: () => 'galleon.raw',
  manifest: () => manifestOf({ modules: ['oar'] }),
  overlay: name => ({ name, directory: `/host/${name}`, entries: [] }),
  file: () => ({ path: '/host/caulk.sh', sha256: 'cafe', mode: 0o755 }),
});
const options = Object.entries(STAGES).flatMap(([stage, { schema }]) =>
  withDefault(schema).map(key => [`${stage} ${key.path.join('.')}`, { stage, ...key }] as const),
);

test.each(options)('stage %s', (_, { stage, path, schema }) => {
  const formats: Record<string, object> = { blockSize: { format: 'vhdx' }, compression: { format: 'qcow2' } };
  const base = stage === 'container' ? formats[path[0] ?? ''] : OPTIONS[stage];
  if (base === undefined) throw new Error(`say what a step of ${stage} needs`);
  // As keys are made: what is no JSON is no part of them.
  const resolve = (value: object): unknown => JSON.parse(JSON.stringify(STAGES[stage]?.resolve(value, view)));
  compare(resolve, { base, path, schema });
});

const folder = projectFolder({ 'overlays/plain/oar': 'wood', 'overlays/plain/bin/row': '#!/bin/sh' });

test.each(rows(withDefault(overlaySchema).filter(({ path }) => path.length > 1)))(
  'overlay %s',
  async (_, { path, schema }) => {
    const entries = async (): Promise<unknown> => (await loadOverlay(`${folder.path}/overlays/plain`)).value?.entries;
    await folder.write({ 'overlays/plain/overlay.yaml': '{}' });
    const without = await entries();
    const write = (value: unknown): Promise<void> =>
      folder.write({ 'overlays/plain/overlay.yaml': JSON.stringify(put({}, path, value)) });
    await write(schema['default']);
    expect(await entries()).toEqual(without);
    await write(path[1] === 'owner' ? '7:7' : '0711');
    expect(await entries()).not.toEqual(without);
  },
);

function withDefault(schema: SchemaObject): SchemaKey[] {
  return schemaKeys(schema).filter(key => Object.hasOwn(key.schema, 'default'));
}

function rows(keys: readonly SchemaKey[]): [string, SchemaKey][] {
  return keys.map(key => [key.path.join('.'), key]);
}

function compare(
  resolve: (value: object) => unknown,
  { base, path, schema }: { base: object; path: readonly string[]; schema: SchemaObject },
): void {
  const around = without(path.length > 1 ? put(base, path.slice(0, -1), undefined) : base, path);
  expect(resolve(put(around, path, schema['default']))).toEqual(resolve(around));
  // Else the key may be one that nobody reads.
  for (const other of others(schema))
    expect(resolve(put(around, path, other)), JSON.stringify(other)).not.toEqual(resolve(around));
}

/** A copy with a value at a path, through the first entry of each list; `undefined` makes a mapping where there is none. */
function put(value: unknown, [name, ...rest]: readonly string[], leaf: unknown): object {
  if (Array.isArray(value)) return [put(value[0], [name ?? '', ...rest], leaf)];
  const mapping = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const inner = mapping[name ?? ''];
  const next = rest.length > 0 ? put(inner, rest, leaf) : leaf === undefined ? (inner ?? {}) : leaf;
  return { ...mapping, [name ?? '']: next };
}

/** A copy without the key at a path. */
function without(value: unknown, [name = '', ...rest]: readonly string[]): object {
  if (Array.isArray(value)) return [without(value[0], [name, ...rest])];
  const { [name]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 || inner === undefined ? others : { ...others, [name]: without(inner, rest) };
}

/** Values that are not the default; none for a mapping, whose keys are tried, and a word without alternative. */
function others(schema: SchemaObject): unknown[] {
  const usual = schema['default'];
  if (Array.isArray(schema['enum'])) return schema['enum'].filter(each => each !== usual).slice(0, 1);
  if (Array.isArray(schema['examples'])) return schema['examples'].slice(0, 1);
  if (typeof usual === 'boolean') return [!usual];
  if (typeof usual === 'number') return [usual + 1];
  if (typeof usual === 'string') return [usual.endsWith(' MiB') ? '2 MiB' : `${usual}x`];
  return Array.isArray(usual) ? [['oar']] : [];
}
