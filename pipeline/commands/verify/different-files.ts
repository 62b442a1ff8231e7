/** Two forms of one partition, file by file. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { collector, differentRanges } from '../../disk/compare.ts';
import { WINDOW } from '../../disk/windows.ts';
import { digestFile } from '../../engine/digest.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ContentFile } from '../../formats/image-contents.ts';
import type { PartitionTree } from '../../formats/partition-files.ts';
import type { DifferentFile } from '../../formats/verification.ts';
import { fileReader } from './file-reader.ts';

export interface Side {
  tree: PartitionTree;
  filesystem: string;
  /** Host folder for copies. */
  scratch: string;
}

/** Files that are told of each partition. */
const TOLD = 8;

/** By path, the first of them; none where one of the two cannot be read. */
export async function differentFiles(sides: { released: Side; rebuilt: Side }): Promise<DifferentFile[]> {
  try {
    const [released, rebuilt] = [await filesOf(sides.released), await filesOf(sides.rebuilt)];
    const found: DifferentFile[] = [];
    for (const path of [...new Set([...released.keys(), ...rebuilt.keys()])].sort()) {
      const change = changeOf(released.get(path), rebuilt.get(path));
      if (change === null) continue;
      const ranges = change === 'content' ? await contentRanges(sides, path) : { count: 0, ranges: [] };
      found.push({ path, change, ...ranges });
      if (found.length === TOLD) break;
    }
    return found;
  } catch (error) {
    if (error instanceof FormatFault) return [];
    throw error;
  }
}

type Described = Omit<ContentFile, 'path'>;

async function filesOf({ tree, filesystem, scratch }: Side): Promise<Map<string, Described>> {
  if (filesystem !== 'vfat') return new Map((await tree.contents()).map(({ path: name, ...each }) => [name, each]));
  const found = new Map<string, Described>();
  for (const { path: name, type, mode, uid, gid, bytes, target } of await tree.walk('/')) {
    const file = path.join(scratch, 'file');
    if (type === 'file') await tree.extract(name, file);
    const sha256 = type === 'file' ? (await digestFile(file, new AbortController().signal)).sha256 : null;
    found.set(name, { type, mode: mode ?? 0, uid: uid ?? 0, gid: gid ?? 0, bytes, target, sha256 });
  }
  return found;
}

function changeOf(released: Described | undefined, rebuilt: Described | undefined): DifferentFile['change'] | null {
  if (released === undefined) return 'added';
  if (rebuilt === undefined) return 'removed';
  if (released.sha256 !== rebuilt.sha256 && released.type === rebuilt.type) return 'content';
  return JSON.stringify(released) === JSON.stringify(rebuilt) ? null : 'attributes';
}

/** Of the one that is longer, all that the other does not have is a range. */
async function contentRanges(
  { released, rebuilt }: { released: Side; rebuilt: Side },
  name: string,
): Promise<Pick<DifferentFile, 'count' | 'ranges'>> {
  const files = [path.join(released.scratch, 'file'), path.join(rebuilt.scratch, 'file')] as const;
  await released.tree.extract(name, files[0]);
  await rebuilt.tree.extract(name, files[1]);
  const [a, b] = [await fileReader(files[0]), await fileReader(files[1])];
  const collect = collector();
  try {
    const common = Math.min(a.size, b.size);
    for (let at = 0; at < common; at += WINDOW) {
      const length = Math.min(WINDOW, common - at);
      const [left, right] = [await a.read(at, length), await b.read(at, length)];
      for (const range of differentRanges(left, right)) collect.add(range, at);
    }
    if (a.size !== b.size) collect.add({ start: common, end: Math.max(a.size, b.size) }, 0);
  } finally {
    await Promise.all([a.close(), b.close()]);
    for (const file of files) await rm(file, { force: true });
  }
  const { count, ranges } = collect.differences();
  return { count, ranges };
}
