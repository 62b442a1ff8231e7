/** The official schema of CycloneDX 1.6, as its library carries it; the one of SPDX licences and that of signatures with it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/** Every fault with its place; empty for a document that fits. */
export function cyclonedxFaults(text: string): string[] {
  validate(JSON.parse(text));
  return (validate.errors ?? []).map(each => `${each.instancePath} ${each.message ?? ''}`);
}

const validate = compile();

function compile(): ValidateFunction {
  // The schema has keywords of its own, which ajv's strict mode refuses.
  const ajv = new Ajv({ allErrors: true, strict: false });
  addFormats.default(ajv);
  // Of JSON Schema 2019, which that package does not have.
  ajv.addFormat('idn-email', /^[^@\s]+@[^@\s]+$/);
  ajv.addFormat('iri-reference', true);
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
    ajv.addSchema(schemaFile(name), `http://cyclonedx.org/schema/${name}`);
  return ajv.compile(schemaFile('bom-1.6.SNAPSHOT.schema.json'));
}

function schemaFile(name: string): Record<string, unknown> {
  const library = path.dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'));
  return JSON.parse(readFileSync(path.join(library, 'res', 'schema', name), 'utf8')) as Record<string, unknown>;
}
