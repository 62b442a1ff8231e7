/** Where a release comes from: an in-toto Statement v1 with a predicate of SLSA Provenance v1. Pure. */
import { FormatFault } from './fault.ts';
import { parseJson } from './json-value.ts';

/** Type of a Statement in an envelope (in-toto attestation 1.0, "Envelope"). */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
const STATEMENT = 'https://in-toto.io/Statement/v1';
const PREDICATE = 'https://slsa.dev/provenance/v1';
/** Says how the parameters below are read: docs/decisions/0026-releases.md. */
const BUILD_TYPE = 'urn:caisson:release:1';
/** A machine of no platform that anybody vouches for. */
export const LOCAL_BUILDER = 'urn:caisson:builder:local';
/** Not a file: the hash that the root file system is verified by. */
export const ROOT_HASH = 'root-hash';

/** ResourceDescriptor: what was read, by what it is. */
export interface Material {
  name: string;
  uri?: string;
  digest: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, unknown>>;
}

export interface Subject {
  /** Of a file of the release; or ROOT_HASH. */
  name: string;
  sha256: string;
}

/** With these and the materials the release can be made again. */
export interface ReleaseParameters {
  image: string;
  version: string;
  /** Each `path=value`. */
  sets: string[];
  /** Of the containers; empty for those of the definition. */
  formats: string[];
  compress: string;
}

export interface Provenance {
  subjects: Subject[];
  externalParameters: ReleaseParameters;
  resolvedDependencies: Material[];
  /** URI of who answers for the machine. */
  builder: string;
}

/** Text of the Statement: equal input, equal bytes. Neither times nor anything else of the run, both are optional. */
export function provenanceStatement(input: Provenance & { caisson: string }): string {
  const { subjects, externalParameters, resolvedDependencies, builder, caisson } = input;
  const { image, version, sets, formats, compress } = externalParameters;
  return JSON.stringify({
    _type: STATEMENT,
    subject: subjects.toSorted(byName).map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: PREDICATE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { image, version, sets, formats, compress },
        resolvedDependencies,
      },
      runDetails: { builder: { id: builder, version: { caisson } } },
    },
  });
}

const byName = (a: Subject, b: Subject): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));

/** Throws FormatFault that says what is not as a release has it. */
export function decodeStatement(text: string): Provenance {
  const value = record(parseJson(text), 'the statement');
  const { _type: type } = value;
  mustBe(type, STATEMENT, '_type');
  mustBe(value.predicateType, PREDICATE, 'predicateType');
  const predicate = record(value.predicate, 'predicate');
  const definition = record(predicate.buildDefinition, 'buildDefinition');
  mustBe(definition.buildType, BUILD_TYPE, 'buildType');
  const run = record(predicate.runDetails, 'runDetails');
  return {
    subjects: list(value.subject, 'subject').map(subjectOf),
    externalParameters: parametersOf(record(definition.externalParameters, 'externalParameters')),
    resolvedDependencies: list(definition.resolvedDependencies, 'resolvedDependencies').map(materialOf),
    builder: textOf(record(run.builder, 'builder').id, 'builder.id'),
  };
}

function subjectOf(value: unknown): Subject {
  const subject = record(value, 'a subject');
  const sha256 = textOf(record(subject.digest, 'digest of a subject').sha256, 'sha256 of a subject');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fault('sha256 of a subject');
  return { name: textOf(subject.name, 'name of a subject'), sha256 };
}

/** "Verifiers SHOULD reject unrecognized fields within externalParameters" (SLSA Provenance v1). */
function parametersOf(value: Record<string, unknown>): ReleaseParameters {
  const { image, version, sets, formats, compress, ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw fault(`externalParameters.${unknown}`);
  const texts = (all: unknown, name: string): string[] => list(all, name).map(each => textOf(each, name));
  return {
    image: textOf(image, 'externalParameters.image'),
    version: textOf(version, 'externalParameters.version'),
    sets: texts(sets, 'externalParameters.sets'),
    formats: texts(formats, 'externalParameters.formats'),
    compress: textOf(compress, 'externalParameters.compress'),
  };
}

function materialOf(value: unknown): Material {
  const { name, uri, digest, annotations } = record(value, 'a resolved dependency');
  const digests = Object.entries(record(digest, 'digest of a resolved dependency'));
  return {
    name: textOf(name, 'name of a resolved dependency'),
    ...(uri === undefined ? {} : { uri: textOf(uri, 'uri of a resolved dependency') }),
    digest: Object.fromEntries(digests.map(([kind, each]) => [kind, textOf(each, `digest ${kind}`)])),
    ...(annotations === undefined ? {} : { annotations: record(annotations, 'annotations') }),
  };
}

function mustBe(found: unknown, wanted: string, name: string): void {
  if (found !== wanted)
    throw new FormatFault(`the provenance has ${name} ${JSON.stringify(found)}; releases have "${wanted}"`, NO_RELEASE);
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault(name);
  return value as Record<string, unknown>;
}

function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw fault(name);
  return value;
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw fault(name);
  return value;
}

const NO_RELEASE = 'is this the provenance of a release that `caisson release` made?';

function fault(name: string): FormatFault {
  return new FormatFault(`the provenance is not as releases have it: ${name}`, NO_RELEASE);
}
