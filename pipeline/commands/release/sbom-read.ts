/** What `sbomText` wrote, read back by who checks it. Pure. */
import { FormatFault } from '../../formats/fault.ts';
import { isRecord, parseJson } from '../../formats/json-value.ts';
import { parsePurl } from './purl.ts';

export interface ReadSbom {
  rootHash: string | null;
  /** SHA-256 of sections of the kernel image, by name. */
  sections: ReadonlyMap<string, string>;
  packages: { name: string; version: string; architecture: string; sha256: string; manifests: string[] }[];
  files: { place: string; partition: string | null; path: string; sha256: string }[];
}

/** Of a component, what is looked at. */
interface Part {
  type: string;
  name: string;
  version: string;
  purl: string | null;
  hashes: string[];
  properties: { name: string; value: string }[];
}

const SECTION = 'caisson:section:';

/** Throws FormatFault for what is no CycloneDX 1.6, or none of ours. */
export function readSbom(text: string): ReadSbom {
  const written = parseJson(text);
  if (!isRecord(written)) throw fault('is no JSON');
  const { bomFormat, specVersion, metadata } = written;
  if (bomFormat !== 'CycloneDX' || specVersion !== '1.6')
    throw fault(`says it is ${textOf(bomFormat) || 'nothing'} ${textOf(specVersion)}, not CycloneDX 1.6`);
  const image = partOf(isRecord(metadata) ? metadata.component : null);
  const components = recordsOf(written.components).map(partOf);
  return {
    rootHash: values(image, 'caisson:rootHash')[0] ?? null,
    sections: new Map(
      image.properties
        .filter(each => each.name.startsWith(SECTION))
        .map(each => [each.name.slice(SECTION.length), each.value]),
    ),
    packages: components.flatMap(each => (each.purl === null ? [] : [packageOf(each, each.purl)])),
    files: components
      .filter(each => each.type === 'file')
      .map(each => ({
        place: values(each, 'caisson:in')[0] ?? '',
        partition: values(each, 'caisson:partition')[0] ?? null,
        path: each.name,
        sha256: each.hashes[0] ?? '',
      })),
  };
}

/** What is not as the schema has it counts as not there, and is then told as missing. */
function partOf(value: unknown): Part {
  const { type, name, version, purl, hashes, properties } = isRecord(value) ? value : {};
  return {
    type: textOf(type),
    name: textOf(name),
    version: textOf(version),
    purl: typeof purl === 'string' ? purl : null,
    hashes: recordsOf(hashes).map(each => textOf(each.content)),
    properties: recordsOf(properties).map(each => ({ name: textOf(each.name), value: textOf(each.value) })),
  };
}

const recordsOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : []);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function packageOf(part: Part, purl: string): ReadSbom['packages'][number] {
  const read = readPurl(purl);
  if (read.name !== part.name || read.version !== part.version)
    throw fault(`calls "${purl}" ${part.name} ${part.version}`);
  return { ...read, sha256: part.hashes[0] ?? '', manifests: values(part, 'caisson:manifest') };
}

function readPurl(purl: string): ReturnType<typeof parsePurl> {
  try {
    return parsePurl(purl);
  } catch {
    throw fault(`has "${purl}", which is no package URL`);
  }
}

function values({ properties }: Part, name: string): string[] {
  return properties.filter(each => each.name === name).map(each => each.value);
}

function fault(what: string): FormatFault {
  return new FormatFault(`the SBOM ${what}`, 'take it out of the release anew');
}
