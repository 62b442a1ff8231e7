/** Values that a JSON Schema of ours might take: enough of each to come through, not all that it allows. */
import fc from 'fast-check';
import { ATTRIBUTE_BITS } from '../../pipeline/config/layout-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Documents by kind, so that names lead somewhere. */
export interface Names {
  layout: readonly string[];
  manifest: readonly string[];
  overlay: readonly string[];
  file: readonly string[];
}

/** For a pattern the texts of these that it takes. */
const TEXTS = [
  '0644',
  '0:0',
  '1000:1000',
  '/',
  '/etc',
  '/usr/lib/kelp',
  '/var/log/kelp',
  '1 MiB',
  '64 MiB',
  '1 GiB',
  '512 B',
  '0.5 GiB',
  'kelp',
  'reef',
  'Log',
  'Data',
  'RootA',
  'nano',
  'linux-image-amd64',
  'trixie',
  'kelp.service',
  'reef.socket',
  'http://m.example/debian',
  'https://m.example/',
  'keys/a.pub',
  'zstd,level=3',
  'a1b2c3d4-1111-4222-8333-0123456789ab',
  '2031.7',
  '1141000000',
  '2026-11-01T00:00:00Z',
  'nodev',
  'noexec',
  'mode=0755',
  'admin',
  'quiet',
  '22',
  '8080',
  'x=y',
  'A',
  'B',
  '10.0.0.0/8',
  'fd00::/8',
  'eth0',
  'tcp',
  'udp',
  'main',
  'x',
  'Kelp 7',
  '/usr/share/doc/**',
  '/a b',
  // Names of images and manifests, to be extended.
  'eflow',
  'skiff',
  'base',
  'hostile',
  ...Object.keys(ATTRIBUTE_BITS),
];

export function fromSchema(schema: Schema, names: Names): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  if (Array.isArray(schema.anyOf)) return fc.oneof(...(schema.anyOf as Schema[]).map(each => fromSchema(each, names)));
  const [type] = [schema.type].flat();
  if (type === 'object') return objects(schema, names);
  if (type === 'array') return arrays(schema, names);
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer' || type === 'number') {
    const [min, max] = [Number(schema.minimum ?? 0), Number(schema.maximum ?? 2 ** 31)];
    return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
  }
  if (type === 'null') return fc.constant(null);
  return texts(schema, names);
}

function texts(schema: Schema, names: Names): fc.Arbitrary<string> {
  const kind = schema['x-document'] as keyof Names | undefined;
  if (kind !== undefined) return fc.constantFrom(...names[kind], '../kelp', '__proto__', 'nobody');
  if (typeof schema.pattern !== 'string') return fc.constantFrom(...TEXTS);
  const pattern = new RegExp(schema.pattern, 'u');
  const fitting = TEXTS.filter(text => pattern.test(text));
  return fc.constantFrom(...(fitting.length === 0 ? TEXTS : fitting));
}

function arrays(schema: Schema, names: Names): fc.Arbitrary<unknown> {
  return fc.array(fromSchema((schema.items ?? {}) as Schema, names), {
    minLength: Number(schema.minItems ?? 0),
    maxLength: 4,
  });
}

function objects(schema: Schema, names: Names): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  const required = new Set((schema.required ?? []) as string[]);
  const own = properties.map(([key, each]) => {
    const value = fromSchema(each, names).map(found => [[key, found]] as const);
    // What a document extends is mostly nothing that there is.
    const none = { weight: key === 'extends' ? 12 : 2, arbitrary: fc.constant([] as const) };
    return required.has(key) ? value : fc.oneof({ weight: 1, arbitrary: value }, none);
  });
  const free = schema.additionalProperties;
  const more =
    typeof free === 'object' && free !== null
      ? fc.array(fc.tuple(fc.constantFrom(...TEXTS), fromSchema(free as Schema, names)), { maxLength: 3 })
      : fc.constant([]);
  return fc
    .tuple(fc.tuple(...own), more)
    .map(([parts, rest]) => Object.fromEntries([...parts.flat(), ...rest]) as unknown);
}
