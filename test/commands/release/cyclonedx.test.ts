import { expect, test } from 'vitest';
import { sbomText } from '../../../pipeline/commands/release/cyclonedx.ts';
import { cyclonedxFaults } from '../../support/cyclonedx-schema.ts';
import { galleonContents, galleonSbom, sha256 } from './galleon.ts';

interface Part {
  type: string;
  name: string;
  'bom-ref': string;
  [field: string]: unknown;
}

interface Document {
  serialNumber: string;
  metadata: { timestamp: string; component: Part; tools: { components: Part[] } };
  components: Part[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

const text = sbomText(galleonSbom());
const document = JSON.parse(text) as Document;
const purl = (rest: string): string => `pkg:deb/debian/${rest}`;
const HULL = purl('hull@1:2.0+b1?arch=amd64&distro=debian-13');
const SEA = purl('libsea1@3-1?arch=amd64&distro=debian-13');

test('fits the official schema', () => expect(cyclonedxFaults(text)).toEqual([]));

test.each<[string, (broken: Document) => void, string]>([
  [
    'a licence that SPDX does not have',
    each => void (each.components[0] = { ...each.components[0], licenses: [{ license: { id: 'Sail-1' } }] } as Part),
    '/components/0/licenses',
  ],
  [
    'a component without a type',
    each => void delete (each.components[1] as Partial<Part>).type,
    "/components/1 must have required property 'type'",
  ],
  ['two equal dependencies', each => void each.dependencies.push(...each.dependencies), '/dependencies'],
  ['a serial number of words', each => void (each.serialNumber = 'one'), '/serialNumber'],
  [
    'an unknown field',
    each => void ((each as unknown as Record<string, string>).cargo = 'spice'),
    'must NOT have additional properties',
  ],
])('the schema refuses %s', (_, breakIt, fault) => {
  const broken = JSON.parse(text) as Document;
  breakIt(broken);
  expect(cyclonedxFaults(JSON.stringify(broken)).join('\n')).toContain(fault);
});

test('the image, bound to its root and its kernel; nothing of the run', () => {
  expect(document.metadata).toEqual({
    timestamp: '2008-09-25T09:04:04.000Z',
    tools: { components: [{ type: 'application', name: 'caisson', version: '7.8.9' }] },
    component: {
      type: 'operating-system',
      name: 'galleon',
      version: '1588.5',
      'bom-ref': 'image',
      hashes: [{ alg: 'SHA-256', content: sha256('root') }],
      properties: [
        { name: 'caisson:rootHash', value: sha256('root') },
        { name: 'caisson:section:.linux', value: sha256('kernel') },
        { name: 'caisson:section:.initrd', value: sha256('initrd') },
      ],
    },
  });
});

test('a package', () => {
  expect(document.components.find(each => each.name === 'libsea1')).toEqual({
    type: 'library',
    name: 'libsea1',
    version: '3-1',
    'bom-ref': SEA,
    purl: SEA,
    supplier: { name: 'Team of the Sea', contact: [{ email: 'sea@example.org' }] },
    hashes: [{ alg: 'SHA-256', content: sha256('libsea1') }],
    licenses: [
      { license: { id: 'GPL-2.0-or-later', acknowledgement: 'declared' } },
      { license: { id: 'MIT', acknowledgement: 'declared' } },
    ],
    properties: [
      { name: 'caisson:in', value: 'rootfs' },
      { name: 'caisson:in', value: 'initrd' },
      { name: 'caisson:manifest', value: 'bilge' },
      { name: 'caisson:manifest', value: 'deck' },
      { name: 'caisson:files', value: '2' },
      { name: 'caisson:licences', value: 'declared' },
      { name: 'caisson:source', value: 'sea 3-0' },
    ],
  });
});

test('a file that was changed', () => {
  expect(document.components.find(each => each.name === '/etc/hull.conf')).toEqual({
    type: 'file',
    name: '/etc/hull.conf',
    'bom-ref': 'file:RootOfGalleon:/etc/hull.conf',
    hashes: [{ alg: 'SHA-256', content: sha256('changed since') }],
    properties: [
      { name: 'caisson:in', value: 'rootfs' },
      { name: 'caisson:partition', value: 'RootOfGalleon' },
      { name: 'caisson:changed', value: 'hull' },
    ],
  });
});

test('dependencies: of the image on all, of a package on those that are there', () => {
  const of = (ref: string) => document.dependencies.find(each => each.ref === ref)?.dependsOn;
  expect(of('image')).toHaveLength(document.components.length);
  expect(of(HULL)).toEqual([SEA]);
  expect(of(purl('linux-image-9-galley@9.1?arch=amd64&distro=debian-13'))).toEqual([HULL]);
  expect(of(SEA)).toBeUndefined();
});

test('the same image gives the same bytes; another content another serial number', () => {
  expect(sbomText(galleonSbom())).toBe(text);
  const contents = galleonContents();
  contents.root?.files.splice(2, 1);
  const other = JSON.parse(sbomText(galleonSbom(contents))) as Document;
  expect(other.serialNumber).not.toBe(document.serialNumber);
});
