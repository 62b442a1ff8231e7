/** An inventory -> CycloneDX 1.6 JSON. Pure: equal inventories give equal bytes. */
import { createHash } from 'node:crypto';
import { ComponentType, HashAlgorithm, LicenseAcknowledgement } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Bom,
  Component,
  HashDictionary,
  LicenseRepository,
  Metadata,
  NamedLicense,
  OrganizationalContact,
  OrganizationalContactRepository,
  OrganizationalEntity,
  Property,
  PropertyRepository,
  SpdxLicense,
  Tools,
} from '@cyclonedx/cyclonedx-library/Models';
import { JSON as Json, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import type { Licences } from '../../debian/copyright.ts';
import { directDependencies, field, type ResolvedPackage } from '../../debian/stanza.ts';
import { seededGuid } from '../../formats/guid.ts';
import { purlOf } from './purl.ts';
import type { Inventory, LooseFile, StockedPackage } from './inventory.ts';

export interface SbomInput {
  /** Of the image. */
  name: string;
  version: string;
  seed: string;
  /** Seconds. */
  epoch: number;
  /** Version of this program. */
  caisson: string;
  /** Of dm-verity, hexadecimal; null for a root without a hash tree. */
  rootHash: string | null;
  /** SHA-256 of sections of the kernel image, by name. */
  sections: Readonly<Record<string, string>>;
  /** Suite of each manifest. */
  suites: Readonly<Record<string, string>>;
  inventory: Inventory;
}

type Pairs = readonly (readonly [name: string, value: string])[];

/** Lists stand in the order of the inventory: the library would sort them by the rules of the user's language. */
export function sbomText(input: SbomInput): string {
  const bom = new Bom({ metadata: metadataOf(input) });
  const image = bom.metadata.component;
  const packages = packageComponents(input);
  for (const each of [...packages, ...input.inventory.files.map(fileComponent)]) {
    bom.components.add(each);
    image?.dependencies.add(each.bomRef);
  }
  // The document is named by what it says.
  const sha256 = createHash('sha256').update(serialize(bom)).digest('hex');
  bom.serialNumber = `urn:uuid:${seededGuid(input.seed, 'sbom', sha256)}`;
  return `${serialize(bom)}\n`;
}

function serialize(bom: Bom): string {
  return new JsonSerializer(new Json.Normalize.Factory(Spec1dot6)).serialize(bom, { sortLists: false, space: 1 });
}

function metadataOf({ name, version, epoch, caisson, rootHash, sections }: SbomInput): Metadata {
  const tool = new Component(ComponentType.Application, 'caisson', { version: caisson });
  const digests = Object.entries(sections).map(([section, sha256]) => [`caisson:section:${section}`, sha256] as const);
  const component = new Component(ComponentType.OperatingSystem, name, {
    bomRef: 'image',
    version,
    hashes: new HashDictionary(rootHash === null ? [] : [[HashAlgorithm['SHA-256'], rootHash]]),
    properties: properties([...(rootHash === null ? [] : [['caisson:rootHash', rootHash] as const]), ...digests]),
  });
  const tools = new Tools();
  tools.components.add(tool);
  return new Metadata({ timestamp: new Date(epoch * 1000), tools, component });
}

function packageComponents({ inventory, suites }: SbomInput): Component[] {
  const components = inventory.packages.map(each => packageComponent(each, suites));
  for (const manifest of new Set(inventory.packages.flatMap(each => each.manifests))) {
    const ofIt = inventory.packages.flatMap((each, index) =>
      each.manifests.includes(manifest) ? [{ each, index }] : [],
    );
    const refs = new Map(ofIt.map(({ each, index }) => [each.package.name, components[index]?.bomRef]));
    const needs = directDependencies(ofIt.map(({ each }) => each.package));
    for (const { each, index } of ofIt)
      for (const name of needs.get(each.package.name) ?? []) {
        const ref = refs.get(name);
        if (ref !== undefined) components[index]?.dependencies.add(ref);
      }
  }
  return components;
}

function packageComponent(
  { package: each, manifests, places, files, licences }: StockedPackage,
  suites: SbomInput['suites'],
): Component {
  const purl = purlOf(each, suites[manifests[0] ?? ''] ?? '');
  return new Component(ComponentType.Library, each.name, {
    bomRef: purl,
    version: each.version,
    purl,
    supplier: maintainer(field(each.stanza, 'Maintainer')),
    hashes: new HashDictionary([[HashAlgorithm['SHA-256'], each.sha256]]),
    licenses: licenseRepository(licences),
    properties: properties([
      ...places.map(place => ['caisson:in', place] as const),
      ...manifests.map(manifest => ['caisson:manifest', manifest] as const),
      ['caisson:files', String(files)],
      ['caisson:licences', licences.basis],
      ['caisson:source', sourceOf(each)],
    ]),
  });
}

/** "glibc 2.41-12": the version of a source is told only where it differs from the package's. */
function sourceOf({ name, version, stanza }: ResolvedPackage): string {
  const [, source = name, own = version] = /^(\S+)(?: \(([^)]+)\))?$/.exec(field(stanza, 'Source')) ?? [];
  return `${source} ${own}`;
}

function maintainer(text: string): OrganizationalEntity {
  const [, name = text, email] = /^(.*?)\s*<([^<>\s]+@[^<>\s]+)>$/.exec(text) ?? [];
  const contact = email === undefined ? [] : [new OrganizationalContact({ email })];
  return new OrganizationalEntity({ name, contact: new OrganizationalContactRepository(contact) });
}

function licenseRepository({ basis, licences }: Licences): LicenseRepository {
  const acknowledgement = basis === 'declared' ? { acknowledgement: LicenseAcknowledgement.Declared } : {};
  return new LicenseRepository(
    licences.map(each =>
      'id' in each ? new SpdxLicense(each.id, acknowledgement) : new NamedLicense(each.name, acknowledgement),
    ),
  );
}

function fileComponent({ place, partition, path, sha256, changed }: LooseFile): Component {
  return new Component(ComponentType.File, path, {
    bomRef: `file:${partition ?? place}:${path}`,
    hashes: new HashDictionary([[HashAlgorithm['SHA-256'], sha256]]),
    properties: properties([
      ['caisson:in', place],
      ...(partition === null ? [] : [['caisson:partition', partition] as const]),
      ...(changed === null ? [] : [['caisson:changed', changed] as const]),
    ]),
  });
}

function properties(pairs: Pairs): PropertyRepository {
  return new PropertyRepository(pairs.map(([name, value]) => new Property(name, value)));
}
