/** Stages for tests: schemas as real ones have them, without the real ones. */
import { SIZE_PATTERN } from '../../pipeline/formats/bytes.ts';
import type { StageSchemas } from '../../pipeline/config/image-schema.ts';

export const stages: StageSchemas = {
  packages: {
    schema: {
      type: 'object',
      additionalProperties: false,
      required: ['manifest'],
      properties: { manifest: { type: 'string', 'x-document': 'manifest', description: 'The manifest.' } },
    },
    inputs: {},
  },
  tree: {
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: {
        overlays: { type: 'array', items: { type: 'string', 'x-document': 'overlay' } },
        keys: {
          type: 'array',
          items: {
            anyOf: [
              { type: 'string', 'x-document': 'file' },
              {
                type: 'object',
                additionalProperties: false,
                required: ['user', 'file'],
                properties: { user: { type: 'string' }, file: { type: 'string', 'x-document': 'file' } },
              },
            ],
          },
        },
      },
    },
    inputs: { packages: 'required' },
  },
  ...Object.fromEntries(
    ['sign', 'uki', 'selector'].map(name => [
      name,
      {
        schema: { type: 'object', additionalProperties: false, properties: {} },
        inputs: { tree: 'optional' as const },
      },
    ]),
  ),
  filesystem: {
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: {
        compression: { type: 'string', enum: ['lz4', 'zstd', 'none'], 'x-noun': 'compression' },
        level: { type: 'integer', minimum: 1, maximum: 22 },
        cluster: { type: 'string', pattern: SIZE_PATTERN },
        label: { type: 'string' },
        format: {
          oneOf: [
            {
              type: 'object',
              additionalProperties: false,
              required: ['kind', 'blocks'],
              properties: { kind: { const: 'ext4' }, blocks: { type: 'integer' } },
            },
            {
              type: 'object',
              additionalProperties: false,
              required: ['kind'],
              properties: { kind: { const: 'erofs' }, fragments: { type: 'boolean' } },
            },
            { const: 'none' },
          ],
        },
        extra: { $ref: '#/$defs/extra' },
      },
      $defs: { extra: { type: 'array', items: { type: 'string', pattern: '^-[a-z]$' } } },
    },
    inputs: { tree: 'required', hash: 'optional' },
  },
  disk: {
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: { padding: { type: 'string', pattern: '^[0-9]+$' } },
    },
    inputs: { '*': 'optional' },
  },
};
