/** Do SBOM and list of files say what the image holds? Pure: both are texts, the image is what was read of it. */
import type { LockedPackage } from '../../config/lock.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ContentFile, ImageContents } from '../../formats/image-contents.ts';
import { decodeMtree, type MtreeEntry } from '../../formats/mtree.ts';
import { isListed } from './inventory.ts';
import { readSbom, type ReadSbom } from './sbom-read.ts';

export interface CheckedAgainst {
  contents: ImageContents;
  /** By manifest: what was installed, as build.json has it. */
  packages: Readonly<Record<string, readonly { name: string; version: string }[]>>;
  lock: { manifests: Readonly<Record<string, { packages: readonly Locked[] }>> };
  /** Text of the list of files. */
  mtree: string;
}

type Locked = Pick<LockedPackage, 'name' | 'version' | 'architecture' | 'sha256'>;

/** Of one kind of fault as many are told; of more only how many. */
const TOLD = 5;

/** Sentences, without a period; empty when all fits. */
export function checkSbom(sbomText: string, { contents, packages, lock, mtree }: CheckedAgainst): string[] {
  try {
    const sbom = readSbom(sbomText);
    const entries = decodeMtree(mtree);
    return [
      ...bindingFaults(sbom, contents),
      ...some(packageFaults(sbom, packages)),
      ...some(lockFaults(sbom, lock)),
      ...some(looseFaults(sbom, contents)),
      ...some(unownedFaults(sbom, entries)),
      ...some(tagFaults(sbom, entries)),
      ...some(listFaults(entries, contents.root?.files ?? [])),
    ];
  } catch (error) {
    if (error instanceof FormatFault) return [error.message];
    throw error;
  }
}

function some(faults: readonly string[]): string[] {
  const more = faults.length - TOLD;
  return more > 0 ? [...faults.slice(0, TOLD), `and ${more} more of this kind`] : [...faults];
}

function bindingFaults({ rootHash, sections }: ReadSbom, { root, kernel }: ImageContents): string[] {
  const found = root?.rootHash ?? null;
  const hash =
    rootHash === found ? [] : [`the SBOM is of root hash ${rootHash ?? 'none'}, the image has ${found ?? 'none'}`];
  const parts = ['.linux', '.initrd'].flatMap(name => {
    const sha256 = kernel?.sections.find(each => each.name === name)?.sha256;
    return sections.get(name) === sha256
      ? []
      : [`${name} of the kernel image has digest ${sha256 ?? 'none'}, the SBOM says ${sections.get(name) ?? 'none'}`];
  });
  return [...hash, ...parts];
}

function packageFaults(sbom: ReadSbom, packages: CheckedAgainst['packages']): string[] {
  const key = (manifest: string, { name, version }: { name: string; version: string }): string =>
    `${name} ${version} of ${manifest}`;
  const listed = new Set(sbom.packages.flatMap(each => each.manifests.map(manifest => key(manifest, each))));
  const installed = new Set(
    Object.entries(packages).flatMap(([manifest, list]) => list.map(each => key(manifest, each))),
  );
  const known = new Set(Object.keys(packages));
  // Of the tools manifest only those that parts of the boot chain are from are listed, and build.json tells of none.
  const extra = sbom.packages.flatMap(each =>
    each.manifests.filter(manifest => known.has(manifest)).map(manifest => key(manifest, each)),
  );
  return [
    ...[...installed].filter(each => !listed.has(each)).map(each => `${each} is installed, but not in the SBOM`),
    ...extra.filter(each => !installed.has(each)).map(each => `${each} is in the SBOM, but was not installed`),
  ];
}

/** Each package is, by its bytes, the one that was locked. */
function lockFaults({ packages }: ReadSbom, { manifests }: CheckedAgainst['lock']): string[] {
  return packages.flatMap(each => {
    const { name, version, architecture } = each;
    if (each.manifests.length === 0) return [`${name} ${version} is in the SBOM, of no manifest`];
    return each.manifests.flatMap(manifest => {
      const locked = Object.hasOwn(manifests, manifest) ? manifests[manifest] : undefined;
      if (locked === undefined)
        return [`${name} ${version} is of ${manifest} in the SBOM, a manifest that the lock file does not have`];
      const found = locked.packages.find(own => own.name === name && own.architecture === architecture);
      if (found === undefined)
        return [`${name} for ${architecture || 'nothing'} of ${manifest} is in the SBOM, but not in the lock file`];
      return (['version', 'sha256'] as const)
        .filter(field => found[field] !== each[field])
        .map(
          field =>
            `${name} of ${manifest} has ${field} ${each[field] || 'none'} in the SBOM, locked is ${found[field]}`,
        );
    });
  });
}

/** Each file that the SBOM names by itself is in the image, and each program outside of the trees is in the SBOM. */
function looseFaults({ files }: ReadSbom, { root, kernel, programs }: ImageContents): string[] {
  const digests = new Map<string, string | null>([
    ...(root?.files ?? []).map(each => [`${root?.partition ?? ''}:${each.path}`, each.sha256] as const),
    ...(kernel?.initrd ?? []).map(each => [`initrd:${each.path}`, each.sha256] as const),
    ...programs.map(each => [`${each.partition}:${each.path}`, each.sha256] as const),
  ]);
  const key = ({ partition, place, path }: ReadSbom['files'][number]): string => `${partition ?? place}:${path}`;
  const named = new Set(files.map(key));
  return [
    ...files.flatMap(each => {
      const found = digests.get(key(each));
      if (found === each.sha256) return [];
      return [
        `${key(each)} ${found == null ? 'is in the SBOM, but not in the image' : 'has another content than the SBOM says'}`,
      ];
    }),
    ...programs
      .map(each => `${each.partition}:${each.path}`)
      .filter(each => !named.has(each))
      .map(each => `${each} is in the image, but not in the SBOM`),
  ];
}

/** What the list of files calls unowned is what the SBOM names by itself. */
function unownedFaults({ files }: ReadSbom, entries: readonly MtreeEntry[]): string[] {
  const named = new Set(files.filter(each => each.place === 'rootfs').map(each => each.path));
  return entries
    .filter(each => each.type === 'file' && (each.tag === 'unowned') !== named.has(each.path))
    .map(
      each =>
        `${each.path} is ${named.has(each.path) ? 'owned in the list of files, but loose in the SBOM' : 'of no package, and not in the SBOM'}`,
    );
}

function tagFaults({ packages }: ReadSbom, entries: readonly MtreeEntry[]): string[] {
  const names = new Set(['unowned', ...packages.map(each => each.name)]);
  return entries
    .filter(each => each.tag !== null && !names.has(each.tag))
    .map(each => `${each.path} is of ${each.tag ?? ''} in the list of files, a package that the SBOM does not have`);
}

function listFaults(entries: readonly MtreeEntry[], files: readonly ContentFile[]): string[] {
  const listed = new Map(entries.map(each => [each.path, each]));
  const found = files.filter(isListed);
  const paths = new Set(found.map(each => each.path));
  return [
    ...found.flatMap(file => {
      const entry = listed.get(file.path);
      if (entry === undefined) return [`${file.path} is in the image, but not in the list of files`];
      const fields = (['type', 'mode', 'uid', 'gid', 'bytes', 'target', 'sha256'] as const).filter(
        each => entry[each] !== file[each],
      );
      return fields.length === 0
        ? []
        : [`${file.path} differs from the list of files: ${fields.map(each => told(each, entry, file)).join(', ')}`];
    }),
    ...entries
      .filter(each => !paths.has(each.path))
      .map(each => `${each.path} is in the list of files, but not in the image`),
  ];
}

function told(
  field: 'type' | 'mode' | 'uid' | 'gid' | 'bytes' | 'target' | 'sha256',
  entry: MtreeEntry,
  file: ContentFile,
): string {
  const text = (value: string | number | null): string =>
    field === 'mode' ? Number(value).toString(8).padStart(4, '0') : String(value ?? 'none');
  return `${field} ${text(file[field])}, not ${text(entry[field])}`;
}
