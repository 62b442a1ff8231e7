/** What a release is made of: files of the project, packages, certificates, and the commit. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { sha256OfFile } from '../../config/digest.ts';
import type { SearchPath } from '../../config/places.ts';
import type { OverlayTree } from '../../config/types.ts';
import type { Resolution } from '../../engine/resolve.ts';
import type { Material } from '../../formats/provenance.ts';
import type { CommandContext } from '../context.ts';
import type { Prepared } from '../build/prepare.ts';
import { sourceMaterial } from './git.ts';
import { purlOf } from './purl.ts';

/**
 * `lock`: host path. Paths are told from the folder of the project, those of Caisson's own documents after "caisson:"; of
 * what lies outside only the name is.
 */
export async function releaseMaterials(
  context: CommandContext,
  { project, resolutions }: Pick<Prepared, 'project' | 'resolutions'>,
  lock: string,
): Promise<Material[]> {
  const { folder, image, layout, manifests, overlays, files, certificates } = project;
  const name = (file: string): string => materialName(path.resolve(file), { project: folder, home: context.home });
  // A manifest may call itself otherwise than its file.
  const used = Object.keys(resolutions).flatMap(each => Object.values(manifests).find(one => one.name === each) ?? []);
  const read = [image, { ...layout, bases: [] }, ...used].flatMap(each => [each.file, ...each.bases]);
  const documents = [lock, ...new Set(read), ...Object.values(files).map(each => each.path)];
  const trees = Object.values(overlays);
  const source = await sourceMaterial(context, {
    folder,
    home: context.home,
    read: [...documents, ...trees.map(each => each.directory)],
  });
  const keyring = image.updates === null ? [] : [path.resolve(folder, image.updates.keyring)];
  const ofFiles = await Promise.all(
    [...documents, ...keyring].map(async file => ({ name: name(file), digest: { sha256: await sha256OfFile(file) } })),
  );
  const ofTrees = await Promise.all(trees.map(async each => treeMaterial(name(each.directory), each)));
  const ofCertificates = Object.entries(certificates).flatMap(([what, sha256]) =>
    sha256 === null ? [] : [{ name: `certificate of ${what}`, digest: { sha256 } }],
  );
  return [
    ...(source === null ? [] : [source]),
    ...ofFiles,
    ...ofTrees,
    ...ofCertificates,
    ...packageMaterials(Object.values(resolutions), manifests),
  ];
}

/** The same wherever Caisson and the project stand; where one holds the other, the inner one has the file. */
export function materialName(file: string, { project, home }: SearchPath): string {
  const roots = [
    { root: path.resolve(project), prefix: '' },
    { root: path.resolve(home), prefix: 'caisson:' },
  ].sort((a, b) => b.root.length - a.root.length);
  for (const { root, prefix } of roots) if (file.startsWith(`${root}/`)) return `${prefix}${path.relative(root, file)}`;
  return path.basename(file);
}

/**
 * `dirHash` is in-toto's, of the files as they lie there; `caissonTree` is of what becomes of them in an image: a line
 * for each entry, of type, mode, owner, group, SHA-256 or target (`-` for none) and path.
 */
async function treeMaterial(name: string, { directory, entries }: OverlayTree): Promise<Material> {
  const lines = entries.map(each => {
    const what = each.type === 'file' ? each.sha256 : each.target || '-';
    return `${each.type} ${each.mode.toString(8)} ${each.uid} ${each.gid} ${what} ${each.path}\n`;
  });
  return { name, digest: { dirHash: await dirHash(directory), caissonTree: digestLines(lines) } };
}

/** DigestSet of in-toto 1.1: the SHA-256 of what sha256sum(1) says of all files, by path. */
async function dirHash(directory: string): Promise<string> {
  const found = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = found.filter(each => each.isFile()).map(each => path.join(each.parentPath, each.name));
  const names = files.map(file => path.relative(directory, file)).sort(byBytes);
  const lines: string[] = [];
  for (const file of names) lines.push(`${await sha256OfFile(path.join(directory, file))}  ${file}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

function digestLines(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines.toSorted(byBytes)) hash.update(line);
  return hash.digest('hex');
}

/** Each package once, with the manifests that want it. */
function packageMaterials(resolutions: readonly Resolution[], manifests: Prepared['project']['manifests']): Material[] {
  const found = new Map<string, { material: Omit<Material, 'annotations'>; wanted: string[] }>();
  for (const { manifest, packages } of resolutions)
    for (const { name, sha256, ...rest } of packages) {
      const uri = purlOf({ name, ...rest }, manifests[manifest]?.suite ?? '');
      const known = found.get(`${uri} ${sha256}`);
      if (known === undefined)
        found.set(`${uri} ${sha256}`, { material: { name, uri, digest: { sha256 } }, wanted: [manifest] });
      else known.wanted.push(manifest);
    }
  return [...found]
    .sort(([a], [b]) => byBytes(a, b))
    .map(([, { material, wanted }]) => ({ ...material, annotations: { manifests: wanted.sort(byBytes) } }));
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
