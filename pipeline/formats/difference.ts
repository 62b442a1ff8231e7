/** What two images, releases or lock files have that the other has not: `caisson diff`. Pure. */
import type { Bytes } from './bytes.ts';
import type { Declaration } from './declaration.ts';
import { compareAccounts, type AccountChange } from './difference/accounts.ts';
import { compareFiles, compareSetuid, type FileChanges, type SetuidChange } from './difference/files.ts';
import { compareFirewalls, type FirewallChange } from './difference/firewall.ts';
import { compareCommandLines, compareConfigs, type WordChange, type OptionChange } from './difference/kernel.ts';
import { comparePackages, type PackageChange, type Packages } from './difference/packages.ts';
import { comparePartitions, comparePrograms, type PartitionChange, type ProgramChange } from './difference/disk.ts';
import { compareUnits, type UnitChange } from './difference/units.ts';
import type { ImageContents } from './image-contents.ts';

/** One of the two, as far as it is known. */
export interface Snapshot {
  /** As its user named it. */
  name: string;
  /** Packages by manifest; a text says why they are not known. */
  packages: Packages | string;
  /** Null for a lock file. */
  image: ImageSnapshot | null;
}

export interface ImageSnapshot {
  contents: ImageContents;
  /** Null for an image that does not say what it is. */
  declaration: Declaration | null;
  /** Content of small text files by path; those that are not there are left out. */
  texts: ReadonlyMap<string, string>;
  /** `CONFIG_…` lines; a text that begins otherwise is none. Null when it is not known. */
  kernelConfig: string | null;
}

/** `old` and `new` are null where one of the two has none. */
export interface Change<T> {
  old: T | null;
  new: T | null;
}

export interface Difference {
  kind: 'images' | 'locks';
  old: string;
  new: string;
  /** Nothing differs of all that was compared. */
  same: boolean;
  /** A text says why they are not known. */
  packages: PackageChange[] | string;
  /** Null for lock files. */
  image: ImageDifference | null;
}

export interface ImageDifference {
  /** Name and version as the image says it; null when it says none. */
  version: Change<string>;
  rootHash: Change<string>;
  verifiedBoot: Change<string>;
  kernelRelease: Change<string>;
  /** Null when the configuration of one of the two is not known. */
  kernelConfig: OptionChange[] | null;
  commandLines: WordChange[];
  /** Files with a setuid or setgid bit that are new, gone, or have other bits. */
  setuid: SetuidChange[];
  units: UnitChange[];
  firewall: FirewallChange[];
  accounts: AccountChange[];
  /** Of the file. */
  container: Change<{ format: string; size: Bytes; fileSize: Bytes }>;
  partitions: PartitionChange[];
  programs: ProgramChange[];
  files: FileChanges;
  /** What the kernel unpacks. */
  initrd: FileChanges;
}

/** Both are of one kind. */
export function compareSnapshots(before: Snapshot, after: Snapshot): Difference {
  const packages = packagesOf(before, after);
  const image = before.image === null || after.image === null ? null : compareImages(before.image, after.image);
  return {
    kind: image === null ? 'locks' : 'images',
    old: before.name,
    new: after.name,
    same: (typeof packages === 'string' || packages.length === 0) && (image === null || isSame(image)),
    packages,
    image,
  };
}

function packagesOf(before: Snapshot, after: Snapshot): PackageChange[] | string {
  if (typeof before.packages === 'string') return before.packages;
  return typeof after.packages === 'string' ? after.packages : comparePackages(before.packages, after.packages);
}

function compareImages(before: ImageSnapshot, after: ImageSnapshot): ImageDifference {
  const change = <T>(value: (of: ImageSnapshot) => T | null): Change<T> => ({ old: value(before), new: value(after) });
  const [old, next] = [before.contents, after.contents];
  return {
    version: change(({ declaration }) => (declaration === null ? null : `${declaration.image} ${declaration.version}`)),
    rootHash: change(({ contents }) => contents.root?.rootHash ?? null),
    verifiedBoot: change(({ declaration }) => declaration?.verifiedBoot ?? null),
    kernelRelease: change(({ contents }) => contents.kernel?.release ?? null),
    kernelConfig: compareConfigs(before.kernelConfig, after.kernelConfig),
    commandLines: compareCommandLines(old.kernel?.commandLines ?? [], next.kernel?.commandLines ?? []),
    setuid: compareSetuid(old.root?.files ?? [], next.root?.files ?? []),
    units: compareUnits(old.root?.files ?? [], next.root?.files ?? []),
    firewall: compareFirewalls(before, after),
    accounts: compareAccounts(before.texts, after.texts),
    container: change(({ contents: { inspection } }) => {
      const { format, size, fileSize } = inspection.container;
      return { format, size, fileSize };
    }),
    partitions: comparePartitions(old.inspection, next.inspection),
    programs: comparePrograms(old.programs, next.programs),
    files: compareFiles(old.root?.files ?? [], next.root?.files ?? []),
    initrd: compareFiles(old.kernel?.initrd ?? [], next.kernel?.initrd ?? []),
  };
}

/** Everything else follows from these: a file, a word or a partition that differs. */
function isSame(image: ImageDifference): boolean {
  const changes: Change<unknown>[] = [image.rootHash, image.version, image.kernelRelease, image.container];
  const lists = [image.commandLines, image.partitions, image.programs, image.kernelConfig ?? []];
  return (
    changes.every(each => JSON.stringify(each.old) === JSON.stringify(each.new)) &&
    lists.every(list => list.length === 0) &&
    [image.files, image.initrd].every(
      each => each.added.length === 0 && each.removed.length === 0 && each.changed.length === 0,
    )
  );
}
