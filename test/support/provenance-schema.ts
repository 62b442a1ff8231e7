/**
 * JSON Schema of a Statement with provenance, written from the specifications (neither has an official one): in-toto
 * attestation spec/v1 (statement.md, resource_descriptor.md, digest_set.md) and SLSA Build Provenance v1. Fields that
 * these do not have are refused, so that what we write is no more than they say.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';

const text = { type: 'string', minLength: 1 } as const;
/** ResourceURI and TypeURI (field_types.md): a URI with a scheme. */
const uri = { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$' } as const;
const base64 = { type: 'string', pattern: '^[A-Za-z0-9+/]*={0,2}$' } as const;

const object = (required: readonly string[], properties: Record<string, object>): object => ({
  type: 'object',
  required,
  additionalProperties: false,
  properties,
});

const digestSet = {
  type: 'object',
  minProperties: 1,
  properties: {
    sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    dirHash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    gitCommit: { type: 'string', pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' },
  },
  additionalProperties: text,
} as const;

const descriptor = {
  ...object([], {
    name: text,
    uri,
    digest: digestSet,
    content: base64,
    downloadLocation: uri,
    mediaType: text,
    annotations: { type: 'object' },
  }),
  anyOf: [{ required: ['uri'] }, { required: ['digest'] }, { required: ['content'] }],
};

const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' } as const;

const predicate = object(['buildDefinition', 'runDetails'], {
  buildDefinition: object(['buildType', 'externalParameters'], {
    buildType: uri,
    externalParameters: { type: 'object' },
    internalParameters: { type: 'object' },
    resolvedDependencies: { type: 'array', items: descriptor },
  }),
  runDetails: object(['builder'], {
    builder: object(['id'], {
      id: uri,
      version: { type: 'object', additionalProperties: text },
      builderDependencies: { type: 'array', items: descriptor },
    }),
    metadata: object([], { invocationId: text, startedOn: time, finishedOn: time }),
    byproducts: { type: 'array', items: descriptor },
  }),
});

const schema = object(['_type', 'subject', 'predicateType', 'predicate'], {
  _type: { const: 'https://in-toto.io/Statement/v1' },
  // statement.md: each element must have a digest.
  subject: { type: 'array', minItems: 1, items: { allOf: [descriptor, { required: ['digest'] }] } },
  predicateType: { const: 'https://slsa.dev/provenance/v1' },
  predicate,
});

const validate = new Ajv2020({ strictTypes: false, strictRequired: false, allErrors: true }).compile(schema);

/** What is wrong with it; empty for nothing. */
export function statementFaults(statement: unknown): string[] {
  return validate(statement) ? [] : (validate.errors ?? []).map(each => `${each.instancePath} ${each.message}`);
}
