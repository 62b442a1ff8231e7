import { describe, expect, test } from 'vitest';
import { checkSbom, type CheckedAgainst } from '../../../pipeline/commands/release/check-sbom.ts';
import { sbomText } from '../../../pipeline/commands/release/cyclonedx.ts';
import { inventory, isListed } from '../../../pipeline/commands/release/inventory.ts';
import { encodeMtree } from '../../../pipeline/formats/mtree.ts';
import type { ImageContents } from '../../../pipeline/formats/image-contents.ts';
import { file, galleonContents, galleonSbom, LISTED, LOCK, PACKAGES, sha256 } from './galleon.ts';

const sbom = sbomText(galleonSbom());

function mtreeOf(contents: ImageContents): string {
  const { owners } = inventory(contents, LISTED);
  const files = (contents.root?.files ?? []).filter(isListed);
  return encodeMtree(
    files.map(each => ({ ...each, tag: each.type === 'directory' ? null : (owners.get(each.path) ?? 'unowned') })),
  );
}

const mtree = mtreeOf(galleonContents());
const check = (own: Partial<CheckedAgainst>, text = sbom): string[] =>
  checkSbom(text, { contents: galleonContents(), packages: PACKAGES, lock: LOCK, mtree, ...own });

test('an image that is as its SBOM says', () => expect(check({})).toEqual([]));

describe('an image with', () => {
  test.each<[string, (contents: ImageContents) => void, string[]]>([
    [
      'another root hash',
      each => void (each.root = each.root && { ...each.root, rootHash: sha256('other') }),
      [`the SBOM is of root hash ${sha256('root')}, the image has ${sha256('other')}`],
    ],
    [
      'another initrd',
      each => void Object.assign(each.kernel?.sections[1] ?? {}, { sha256: 'beef' }),
      [`.initrd of the kernel image has digest beef, the SBOM says ${sha256('initrd')}`],
    ],
    [
      'a changed file of a package',
      each => void Object.assign(each.root?.files[4] ?? {}, { sha256: 'beef' }),
      [`/usr/bin/hull differs from the list of files: sha256 beef, not ${sha256('planks')}`],
    ],
    [
      'a lost setuid bit',
      each => void Object.assign(each.root?.files[4] ?? {}, { mode: 0o755 }),
      ['/usr/bin/hull differs from the list of files: mode 0755, not 4755'],
    ],
    [
      'a link elsewhere',
      each => void Object.assign(each.root?.files[3] ?? {}, { target: 'mast', uid: 9 }),
      ['/bin/keel differs from the list of files: uid 9, not 0, target mast, not hull'],
    ],
    [
      'one file more',
      each => void each.root?.files.push(file('/usr/bin/rat', 'rat')),
      ['/usr/bin/rat is in the image, but not in the list of files'],
    ],
    [
      'one file less',
      each => void each.root?.files.pop(),
      ['/usr/lib/libsea.so.1 is in the list of files, but not in the image'],
    ],
    [
      'a changed file of the initrd',
      each => void Object.assign(each.kernel?.initrd[0] ?? {}, { sha256: 'beef' }),
      ['initrd:/init has another content than the SBOM says'],
    ],
    [
      'another loader',
      each => void Object.assign(each.programs[0] ?? {}, { sha256: 'beef' }),
      ['EspOfGalleon:/EFI/BOOT/BOOTX64.EFI has another content than the SBOM says'],
    ],
    [
      'one loader more',
      each => void each.programs.push({ partition: 'EspOfGalleon', path: '/EFI/x.efi', bytes: 1, sha256: 'beef' }),
      ['EspOfGalleon:/EFI/x.efi is in the image, but not in the SBOM'],
    ],
  ])('%s', (_, change, faults) => {
    const contents = galleonContents();
    change(contents);
    expect(check({ contents })).toEqual(faults);
  });

  test('a changed file of no package: both documents tell', () => {
    const contents = galleonContents();
    Object.assign(contents.root?.files[2] ?? {}, { sha256: 'beef' });
    expect(check({ contents })).toEqual([
      'RootOfGalleon:/etc/ours has another content than the SBOM says',
      `/etc/ours differs from the list of files: sha256 beef, not ${sha256('by overlay')}`,
    ]);
  });

  test('many faults: five are told', () => {
    const contents = galleonContents();
    for (let index = 0; index < 9; index++) contents.root?.files.push(file(`/rats/${index}`, 'rat'));
    expect(check({ contents })).toHaveLength(6);
    expect(check({ contents }).at(-1)).toBe('and 4 more of this kind');
  });
});

describe('packages', () => {
  test('one that was installed, but is not there', () => {
    const packages = { ...PACKAGES, deck: [...PACKAGES.deck, { name: 'stowaway', version: '1' }] };
    expect(check({ packages })).toEqual(['stowaway 1 of deck is installed, but not in the SBOM']);
  });

  test('one of another version, and one that was not installed', () => {
    const packages = { ...PACKAGES, bilge: [{ name: 'libsea1', version: '4' }] };
    expect(check({ packages })).toEqual([
      'libsea1 4 of bilge is installed, but not in the SBOM',
      'libsea1 3-1 of bilge is in the SBOM, but was not installed',
    ]);
  });
});

describe('packages as they are locked', () => {
  const edited = (name: string, edit: (component: Written) => void): string => {
    const written = JSON.parse(sbom) as { components: Written[] };
    for (const each of written.components) if (each.name === name) edit(each);
    return JSON.stringify(written);
  };

  test.each<[string, string, (component: Written) => void, string[]]>([
    [
      'other bytes',
      'hull',
      each => void (each.hashes = [{ alg: 'SHA-256', content: '00' }]),
      [`hull of deck has sha256 00 in the SBOM, locked is ${sha256('hull')}`],
    ],
    [
      'no bytes, of a package of the tools',
      'pilot',
      each => void (each.hashes = []),
      [`pilot of chest has sha256 none in the SBOM, locked is ${sha256('pilot')}`],
    ],
    [
      'another version, of a package of the tools',
      'pilot',
      each => void Object.assign(each, { version: '6', purl: each.purl.replace('@5', '@6') }),
      ['pilot of chest has version 6 in the SBOM, locked is 5'],
    ],
    [
      'another architecture',
      'hull',
      each => void (each.purl = each.purl.replace('amd64', 's390x')),
      ['hull for s390x of deck is in the SBOM, but not in the lock file'],
    ],
    ['no manifest', 'pilot', each => void (each.properties = []), ['pilot 5 is in the SBOM, of no manifest']],
    [
      'an unknown manifest',
      'pilot',
      each => void (each.properties = [{ name: 'caisson:manifest', value: 'constructor' }]),
      ['pilot 5 is of constructor in the SBOM, a manifest that the lock file does not have'],
    ],
    [
      'two versions',
      'pilot',
      each => void (each.version = '4'),
      ['the SBOM calls "pkg:deb/debian/pilot@5?arch=amd64&distro=sid" pilot 4'],
    ],
  ])('%s', (_, name, edit, faults) => expect(check({}, edited(name, edit))).toEqual(faults));
});

interface Written {
  name: string;
  version: string;
  purl: string;
  hashes: { alg: string; content: string }[];
  properties: { name: string; value: string }[];
}

describe('documents that do not fit each other', () => {
  test('a file that the list gives to a package, but the SBOM names by itself', () => {
    expect(check({ mtree: mtree.replace('tags=unowned', 'tags=hull') })).toEqual([
      '/etc/hull.conf is owned in the list of files, but loose in the SBOM',
    ]);
  });

  test('a file that the list gives to nobody, and to a package that is not there', () => {
    expect(check({ mtree: mtree.replace('tags=libsea1', 'tags=unowned') })).toEqual([
      '/usr/lib/libsea.so.1 is of no package, and not in the SBOM',
    ]);
    expect(check({ mtree: mtree.replace('tags=libsea1', 'tags=libsea9') })).toEqual([
      '/usr/lib/libsea.so.1 is of libsea9 in the list of files, a package that the SBOM does not have',
    ]);
  });
});

test.each([
  ['no JSON', 'half', 'the SBOM is no JSON'],
  ['another version', sbom.replace('"1.6"', '"1.7"'), 'the SBOM says it is CycloneDX 1.7, not CycloneDX 1.6'],
  ['a package URL of words', sbom.replaceAll('pkg:deb/debian/hull@', 'hull '), 'which is no package URL'],
  ['null', 'null', 'the SBOM'],
])('an SBOM that is %s', (_, text, message) => {
  expect(check({}, text)).toEqual([expect.stringContaining(message)]);
});

test('an SBOM of other types where the schema has lists and words is told as one that lacks them', () => {
  for (const [from, to] of [
    ['"components": [', '"components": 5, "was": ['],
    ['"hashes": [', '"hashes": 7, "was": ['],
    ['"properties": [', '"properties": { }, "was": ['],
  ] as const) {
    expect(sbom).toContain(from);
    expect(check({}, sbom.replaceAll(from, to)).length).toBeGreaterThan(0);
  }
});

test('a list of files that is cut off', () => {
  expect(check({ mtree: mtree.slice(0, -20) })).toEqual([expect.stringContaining('ends with a whole line')]);
});

test('of an image whose root is from a tarball each file is named by itself', () => {
  const found = inventory(galleonContents(), []);
  const text = sbomText({ ...galleonSbom(), inventory: found });
  const files = (galleonContents().root?.files ?? []).filter(isListed);
  const list = encodeMtree(files.map(each => ({ ...each, tag: each.type === 'directory' ? null : 'unowned' })));
  expect(found.files.filter(each => each.place === 'rootfs').map(each => each.path)).toEqual(
    files.filter(each => each.type === 'file').map(each => each.path),
  );
  expect(found.kernelConfig).toBeNull();
  expect(check({ packages: {}, lock: { ...LOCK, manifests: {} }, mtree: list }, text)).toEqual([]);
});
