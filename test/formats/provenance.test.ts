import { expect, test } from 'vitest';
import { decodeStatement, provenanceStatement, type Provenance } from '../../pipeline/formats/provenance.ts';
import { statementFaults } from '../support/provenance-schema.ts';

const provenance: Provenance = {
  subjects: [
    { name: 'root-hash', sha256: 'c'.repeat(64) },
    { name: 'galleon.vhdx', sha256: 'a'.repeat(64) },
  ],
  externalParameters: {
    image: 'galleon',
    version: '1588.8',
    sets: ['layout=deep'],
    formats: ['vhd', 'raw'],
    compress: 'zst',
  },
  resolvedDependencies: [
    { name: 'git', digest: { gitCommit: 'f'.repeat(40) }, annotations: { modified: true } },
    { name: 'oar', uri: 'pkg:deb/debian/oar@1:2-3?arch=amd64', digest: { sha256: 'b'.repeat(64) } },
  ],
  builder: 'https://yard.example/slip/2',
};
const text = provenanceStatement({ ...provenance, caisson: '7.7.7' });

interface Written {
  subject: { name: string }[];
  predicate: {
    buildDefinition: { externalParameters: Record<string, unknown>; resolvedDependencies?: unknown };
    runDetails: { builder: { id?: string } };
  };
}
const written = (): Written & Record<string, unknown> => JSON.parse(text) as Written & Record<string, unknown>;

test('a statement is as the specifications say, and reads back as it was', () => {
  expect(statementFaults(written())).toEqual([]);
  expect(decodeStatement(text)).toEqual({ ...provenance, subjects: provenance.subjects.toReversed() });
});

test('equal input has equal bytes, in whatever order its parts came', () => {
  const { image, version, sets, formats, compress } = provenance.externalParameters;
  const other = {
    caisson: '7.7.7',
    builder: provenance.builder,
    resolvedDependencies: provenance.resolvedDependencies,
    externalParameters: { compress, formats, sets, version, image },
    subjects: provenance.subjects.toReversed(),
  };
  expect(provenanceStatement(other)).toBe(text);
});

test.each<[string, (value: Written & Record<string, unknown>) => void, string]>([
  ['a Statement of another version', value => void Object.assign(value, { _type: 'urn:other' }), 'has _type'],
  ['another predicate', value => void (value.predicateType = 'https://spdx.dev/Document'), 'has predicateType'],
  ['no predicate', value => void Reflect.deleteProperty(value, 'predicate'), 'predicate'],
  ['a parameter that is not ours', value => void (parameters(value).branch = 'x'), 'externalParameters.branch'],
  ['no version', value => void delete parameters(value).version, 'externalParameters.version'],
  ['sets that are no list', value => void (parameters(value).sets = 'a=b'), 'externalParameters.sets'],
  ['a subject without digest', value => void (value.subject = [{ name: 'galleon.vhdx' }]), 'digest of a subject'],
  ['no materials', value => void delete value.predicate.buildDefinition.resolvedDependencies, 'resolvedDependencies'],
  ['no builder', value => void delete value.predicate.runDetails.builder.id, 'builder.id'],
])('%s is not the provenance of a release', (_, change, message) => {
  const value = written();
  change(value);
  expect(() => decodeStatement(JSON.stringify(value))).toThrow(message);
});

const parameters = (value: Written): Record<string, unknown> => value.predicate.buildDefinition.externalParameters;

test('what is no JSON is told as such a fault too', () => {
  expect(() => decodeStatement('{')).toThrow('the provenance is not as releases have it: the statement');
});
