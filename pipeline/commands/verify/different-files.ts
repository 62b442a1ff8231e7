/** Two forms of one partition, file by file. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { collector, differentRanges } from '../../disk/compare.ts';
import { WINDOW } from '../../disk/windows.ts';
import { digestFile } from '../../engine/digest.ts';
import type { Bytes } from '../../formats/bytes.ts';
import { FormatFault } from '../../formats/fault.ts';
import type { ContentFile } from '../../formats/image-contents.ts';
import type { PartitionTree } from '../../formats/partition-files.ts';
import type { ReadAt } from '../../formats/read-at.ts';
import type { DifferentFile } from '../../formats/verification.ts';
import { withFile } from '../read-file.ts';

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
    for (const name of [...new Set([...released.keys(), ...rebuilt.keys()])].sort()) {
      const change = changeOf(released.get(name), rebuilt.get(name));
      if (change === null) continue;
      const ranges = change === 'content' ? await contentRanges(sides, name) : { count: 0, ranges: [] };
      found.push({ path: name, change, ...ranges });
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
  try {
    return await withFile(files[0], async (...a) => withFile(files[1], async (...b) => rangesOf(a, b)));
  } finally {
    for (const file of files) await rm(file, { force: true });
  }
}

type Opened = readonly [read: ReadAt, size: Bytes];

async function rangesOf(
  [readA, sizeA]: Opened,
  [readB, sizeB]: Opened,
): Promise<Pick<DifferentFile, 'count' | 'ranges'>> {
  const collect = collector();
  const common = Math.min(sizeA, sizeB);
  for (let at = 0; at < common; at += WINDOW) {
    const length = Math.min(WINDOW, common - at);
    for (const range of differentRanges(await readA(at, length), await readB(at, length))) collect.add(range, at);
  }
  if (sizeA !== sizeB) collect.add({ start: common, end: Math.max(sizeA, sizeB) }, 0);
  const { count, ranges } = collect.differences();
  return { count, ranges };
}
