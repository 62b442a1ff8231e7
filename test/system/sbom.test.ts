/** What a release says about the inside of the built image: by the official schema, by other readers, and against the image. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { CommandContext } from '../../pipeline/commands/context.ts';
import { readImageContents } from '../../pipeline/commands/image/contents.ts';
import { prepare } from '../../pipeline/commands/build/prepare.ts';
import type { CheckedAgainst } from '../../pipeline/commands/release/check-sbom.ts';
import { checkSbom, releaseDocuments, type ReleaseDocuments } from '../../pipeline/commands/release/sbom.ts';
import { withCache } from '../../pipeline/engine/cache.ts';
import type { ImageContents } from '../../pipeline/formats/image-contents.ts';
import { inTree, testEnvironment } from '../support/caisson.ts';
import { cyclonedxFaults } from '../support/cyclonedx-schema.ts';

const { own, tools, scratch } = inject('builds');
const { packages } = own.record;
const folder = path.join(scratch, 'sbom');
const contentsCache = path.join(own.cache, 'contents');

const context: CommandContext = {
  environment: testEnvironment(own.cache),
  project: own.project,
  home: own.project,
  settle: async () => undefined,
  emit: () => undefined,
  print: () => undefined,
  json: false,
  color: false,
  unicode: true,
  width: 100,
  signal: new AbortController().signal,
};

let contents: ImageContents;
let documents: ReleaseDocuments;
let lock: CheckedAgainst['lock'];
let components: { type: string; name: string; properties: { name: string; value: string }[]; licenses?: unknown[] }[];

async function make(): Promise<ReleaseDocuments> {
  const image = { image: 'eflow', sets: [], formats: [], compress: 'none', bundle: true } as const;
  const asking = { update: false, offline: true, mirrors: [] };
  return withCache(context, async () => {
    const prepared = await prepare(context, { ...image, ...asking });
    lock = { manifests: prepared.resolutions };
    return releaseDocuments(context, { prepared, packages, contents, caisson: '7.8.9', ...asking });
  });
}

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await rm(contentsCache, { recursive: true, force: true });
  contents = await readImageContents(context, { file: path.join(own.out, 'eflow.vhdx'), tools });
  documents = await make();
  components = (JSON.parse(documents.sbom) as { components: typeof components }).components;
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const placesOf = (name: string): string[] =>
  (components.find(each => each.name === name)?.properties ?? [])
    .filter(each => each.name === 'caisson:in')
    .map(each => each.value);

describe('the SBOM', () => {
  it('fits the official schema', () => expect(cyclonedxFaults(documents.sbom)).toEqual([]));

  it('has every package that was installed, each with a licence', () => {
    const listed = new Map(components.filter(each => each.type === 'library').map(each => [each.name, each]));
    for (const { name } of Object.values(packages).flat()) expect(listed.get(name)?.licenses, name).not.toHaveLength(0);
  });

  it('says where they are', () => {
    expect(placesOf('libc6')).toEqual(['rootfs', 'initrd']);
    expect(placesOf('busybox-static')).toEqual(['initrd']);
    expect(placesOf('sudo')).toEqual(['rootfs']);
    const kernel = components.find(each => /^linux-image-\d/.test(each.name))?.name ?? '';
    expect(placesOf(kernel)).toEqual(['rootfs', 'initrd', 'uki']);
    expect(placesOf('systemd-boot-efi')).toEqual(['uki']);
    expect(['grub-efi-amd64-bin', 'shim-unsigned'].map(placesOf)).toEqual([['bootefi'], ['bootefi']]);
    expect(placesOf('gcc-14-base'), 'all it has is documents').toEqual([]);
  });

  it('names what no package owns: overlays and what is made', () => {
    const files = new Map(components.filter(each => each.type === 'file').map(each => [each.name, each]));
    for (const each of ['/usr/lib/caisson/image.json', '/init', '/etc/passwd', '/EFI/BOOT/grubx64.efi'])
      expect(files.has(each), each).toBe(true);
    expect(files.has('/usr/bin/sudo')).toBe(false);
    expect(files.get('/usr/lib/os-release')?.properties).toContainEqual({
      name: 'caisson:changed',
      value: 'base-files',
    });
  });

  it('is the same once more, with packages that were read before', async () => expect(await make()).toEqual(documents));
});

it('the kernel’s configuration is that of this kernel', () =>
  expect(documents.kernelConfig).toContain('\nCONFIG_DM_VERITY=m\n'));

it('bsdtar reads the list of files: every one of the root, with its mode and target', async () => {
  await writeFile(path.join(folder, 'eflow.mtree'), documents.mtree);
  const listed = (await inTree(tools, folder, ['bsdtar', '-tvf', 'eflow.mtree'])).split('\n');
  expect(listed).toHaveLength(contents.root?.files.length ?? -1);
  expect(listed.find(each => each.endsWith(' ./usr/bin/sudo'))).toMatch(/^-rwsr-xr-x /);
  expect(listed.some(each => each.endsWith(' ./bin -> usr/bin'))).toBe(true);
});

describe('checked against the image', () => {
  const check = (own: { contents?: ImageContents; packages?: typeof packages }): string[] =>
    checkSbom(documents.sbom, { contents, packages, lock, mtree: documents.mtree, ...own });

  it('it fits', () => expect(check({})).toEqual([]));

  it('one changed byte of a file is told, by its path', () => {
    const changed = structuredClone(contents);
    const sudo = changed.root?.files.find(each => each.path === '/usr/bin/sudo');
    if (sudo !== undefined) sudo.sha256 = 'ab'.repeat(32);
    expect(check({ contents: changed })).toEqual([
      expect.stringMatching(/^\/usr\/bin\/sudo differs from the list of files: sha256 abab/),
    ]);
  });

  it('a package that was not installed is told, by name and version', () => {
    const base = packages.base ?? [];
    const sudo = base.find(each => each.name === 'sudo');
    expect(check({ packages: { ...packages, base: base.filter(each => each !== sudo) } })).toEqual([
      `sudo ${sudo?.version ?? ''} of base is in the SBOM, but was not installed`,
    ]);
  });
});
