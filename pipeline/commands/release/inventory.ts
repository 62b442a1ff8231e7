/** What stands in an image: each package with the places where its files are, and each file that is no package's. Pure. */
import { licencesOf, type Licences } from '../../debian/copyright.ts';
import type { ResolvedPackage } from '../../debian/stanza.ts';
import type { ContentFile, ImageContents } from '../../formats/image-contents.ts';
import type { Place } from '../../stages/stage.ts';
import type { DebContents } from './deb-contents.ts';
import { ownership, type PackageFiles } from './ownership.ts';

/** A package of one manifest, with what its .deb holds. */
export interface ListedPackage {
  manifest: string;
  package: ResolvedPackage;
  contents: DebContents;
  /** Where the recipe puts bytes of it that no file of the image has as they are: parts of programs that are made. */
  brings: Place | null;
}

export interface Inventory {
  packages: StockedPackage[];
  files: LooseFile[];
  /** Package of each path of the root that is one's. */
  owners: ReadonlyMap<string, string>;
  /** Text of /boot/config-* of the package that the kernel is from; null when none has that kernel. */
  kernelConfig: string | null;
}

export interface StockedPackage {
  package: ResolvedPackage;
  /** Sorted. */
  manifests: string[];
  /** Also those where nothing but changed files of it stand. */
  places: Place[];
  /** Files and links in root and initrd that are as the .deb has them; each place counts. */
  files: number;
  licences: Licences;
}

/** A regular file that is no package's, or that is not as its package has it. */
export interface LooseFile {
  place: Place;
  /** GPT name of the partition; null for the initrd, which is inside of a program. */
  partition: string | null;
  path: string;
  sha256: string;
  /** The package that has another file by that path. */
  changed: string | null;
}

const PLACES: readonly Place[] = ['rootfs', 'initrd', 'uki', 'bootefi'];

export function inventory(contents: ImageContents, listed: readonly ListedPackage[]): Inventory {
  const stocked = stock(listed);
  const ofTrees = [...stocked.values()]
    .filter(each => each.inTrees)
    .map((each): PackageFiles => ({ name: each.package.sha256, contents: each.contents }));
  const ownerOf = ownership(ofTrees);
  const files: LooseFile[] = [];
  const owners = new Map<string, string>();
  const trees = [
    { place: 'rootfs', partition: contents.root?.partition ?? null, list: contents.root?.files ?? [] },
    { place: 'initrd', partition: null, list: contents.kernel?.initrd ?? [] },
  ] as const;
  for (const { place, partition, list } of trees)
    for (const file of list) {
      const { owner, changed } = ownerOf(file);
      const found = stocked.get(owner ?? '');
      if (found !== undefined) {
        found.files += 1;
        found.places.add(place);
        if (place === 'rootfs') owners.set(file.path, found.package.name);
      } else if (file.sha256 !== null) {
        const before = stocked.get(changed ?? '');
        before?.places.add(place);
        files.push({ place, partition, path: file.path, sha256: file.sha256, changed: before?.package.name ?? null });
      }
    }
  const kernel = kernelPackage(contents, [...stocked.values()]);
  kernel?.places.add('uki');
  return {
    packages: [...stocked.values()].map(each => ({
      package: each.package,
      manifests: [...each.manifests].sort(),
      places: PLACES.filter(place => each.places.has(place)),
      files: each.files,
      licences: licencesOf(copyrightOf(each, [...stocked.values()])),
    })),
    files: [...files, ...programs(contents)],
    owners,
    kernelConfig: kernel === null ? null : (Object.entries(kernel.contents.texts).find(isKernelConfig)?.[1] ?? null),
  };
}

interface Stock {
  package: ResolvedPackage;
  contents: DebContents;
  manifests: Set<string>;
  places: Set<Place>;
  files: number;
  /** Of a manifest of a tree, not only of the tools. */
  inTrees: boolean;
}

/** By SHA-256 of the .deb, sorted by name and version: two manifests have much in common. */
function stock(listed: readonly ListedPackage[]): Map<string, Stock> {
  const stocked = new Map<string, Stock>();
  const key = ({ package: { name, version } }: ListedPackage): string => `${name} ${version}`;
  for (const each of [...listed].sort((a, b) => (key(a) < key(b) ? -1 : 1))) {
    const empty = { manifests: new Set<string>(), places: new Set<Place>(), files: 0, inTrees: false };
    const found = stocked.get(each.package.sha256) ?? { ...each, ...empty };
    stocked.set(each.package.sha256, found);
    found.manifests.add(each.manifest);
    if (each.brings === null) found.inTrees = true;
    else found.places.add(each.brings);
  }
  return stocked;
}

/** Its own, or that of the package which its folder of documents is a link to. */
function copyrightOf({ package: { name }, contents }: Stock, all: readonly Stock[]): string | null {
  const own = contents.texts[`/usr/share/doc/${name}/copyright`];
  if (own !== undefined) return own;
  const target = contents.links[`/usr/share/doc/${name}`] ?? contents.links[`/usr/share/doc/${name}/copyright`];
  const other = /([a-z0-9][a-z0-9+.-]+)(?:\/copyright)?$/.exec(target ?? '')?.[1];
  const path = `/usr/share/doc/${other ?? ''}/copyright`;
  return all.find(each => each.package.name === other)?.contents.texts[path] ?? null;
}

function kernelPackage({ kernel }: ImageContents, all: readonly Stock[]): Stock | null {
  const linux = kernel?.sections.find(each => each.name === '.linux')?.sha256;
  const hasIt = ({ contents: { files } }: Stock): boolean =>
    Object.entries(files).some(([path, sha256]) => path.startsWith('/boot/') && sha256 === linux);
  return all.find(hasIt) ?? null;
}

function isKernelConfig([path]: [string, string]): boolean {
  return path.startsWith('/boot/config-');
}

function programs({ programs, kernel }: ImageContents): LooseFile[] {
  return programs.map(({ partition, path, sha256 }) => {
    const place = path === kernel?.path ? 'uki' : 'bootefi';
    return { place, partition, path, sha256, changed: null };
  });
}

/** Regular files of the root, links and directories, as a list of files tells them; other kinds have no name there. */
export function isListed(file: ContentFile): file is ContentFile & { type: 'file' | 'directory' | 'symlink' } {
  return file.type !== 'other';
}
