/** Which package a file of an image is of, by its bytes: a list of packages alone does not tell what was changed or taken away. Pure. */
import { mergedPath } from '../../debian/merged-usr.ts';
import type { ContentFile } from '../../formats/image-contents.ts';
import type { DebContents } from './deb-contents.ts';

export interface Ownership {
  /** Name of the package that has this file with this content, or this link; null for none, and for directories. */
  owner: string | null;
  /** Where there is no owner: the package that has something else at this path, or this module packed; null for none. */
  changed: string | null;
}

export interface PackageFiles {
  name: string;
  contents: DebContents;
}

/** Of several packages with the same file, the first one is told: sort them. */
export function ownership(packages: readonly PackageFiles[]): (file: ContentFile) => Ownership {
  const places = new Map<string, { name: string; holds: string }[]>();
  const modules = new Map<string, string>();
  for (const { name, contents } of packages) {
    for (const [path, sha256] of Object.entries(contents.files)) {
      add(places, path, { name, holds: sha256 });
      const module = moduleName(path);
      if (module !== null) modules.set(module, name);
    }
    for (const [path, target] of Object.entries(contents.links)) add(places, path, { name, holds: linkTo(target) });
  }
  return file => {
    const claims = places.get(mergedPath(file.path)) ?? [];
    const holds = file.type === 'symlink' ? linkTo(file.target ?? '') : file.sha256;
    const owner = claims.find(each => each.holds === holds)?.name ?? null;
    const changed = claims[0]?.name ?? modules.get(moduleName(file.path) ?? '') ?? null;
    return { owner, changed: owner === null ? changed : null };
  };
}

/** An initrd has kernel modules in one folder, unpacked. */
function moduleName(path: string): string | null {
  return /^(?:\/usr)?\/lib\/modules\/.*?([^/]+\.ko)(?:\.xz|\.zst|\.gz)?$/.exec(path)?.[1] ?? null;
}

/** No digest has a colon. */
function linkTo(target: string): string {
  return `link:${target}`;
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
