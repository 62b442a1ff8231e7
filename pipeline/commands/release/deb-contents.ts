/**
 * What packages hold: files by digest, links, and the texts that a release tells. dpkg-deb(1) unpacks each once; then it is in
 * the cache, by the digest of the .deb, absent or complete.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { mergedPath } from '../../debian/merged-usr.ts';
import type { ResolvedPackage } from '../../debian/stanza.ts';
import { makeScratch } from '../../engine/cache.ts';
import { readControls } from '../../engine/controls.ts';
import { cacheFolders } from '../../engine/environment.ts';
import { replaceFile } from '../../engine/files.ts';
import { timed } from '../../engine/timed.ts';
import { INPUTS, toolRunner } from '../../engine/tool-runner.ts';
import { digestTree } from '../../tree/digest.ts';
import { readContent, readTar } from '../../tree/tar.ts';
import type { Tree } from '../../tree/tree.ts';
import type { CommandContext } from '../context.ts';

/** Paths are absolute, with merged /usr. */
export interface DebContents {
  /** Its control file: of a package of a lock nothing else is known on every machine. */
  control: string;
  /** SHA-256 of each regular file, hexadecimal. */
  files: Readonly<Record<string, string>>;
  /** Target of each symbolic link. */
  links: Readonly<Record<string, string>>;
  /** Copyright files, and the configuration of a kernel. */
  texts: Readonly<Record<string, string>>;
}

export interface DebOptions {
  /** Host path of the tools tree. */
  tools: string;
  /** Brings packages into the pool, those that are damaged there too. */
  fetch: (packages: readonly ResolvedPackage[]) => Promise<void>;
}

/** Packages unpacked at once: dpkg-deb decompresses one with several threads, but starting and hashing are ours. */
const AT_ONCE = 3;
const TEXTS = /^\/usr\/share\/doc\/[^/]+\/copyright$|^\/boot\/config-/;
/** Raised when other things are kept. */
const FORMAT = 2;

/** By SHA-256 of the .deb. Throws what `fetch` throws, and ProcessFailure for a package that is none. */
export async function debContents(
  context: CommandContext,
  packages: readonly ResolvedPackage[],
  options: DebOptions,
): Promise<Map<string, DebContents>> {
  const { contents: folder } = cacheFolders(context.environment.cache);
  await mkdir(folder, { recursive: true });
  const found = new Map<string, DebContents>();
  const unread = new Map<string, ResolvedPackage>();
  for (const each of packages) {
    const kept = await keptContents(path.join(folder, `${each.sha256}.json`));
    if (kept === null) unread.set(each.sha256, each);
    else found.set(each.sha256, kept);
  }
  if (unread.size === 0) return found;
  await options.fetch([...unread.values()]);
  const task = { id: 'contents', summary: 'files of the packages' };
  await timed(task, context, async () => {
    let done = 0;
    await readAll(context, [...unread.values()], options, async (each, contents) => {
      await replaceFile(path.join(folder, `${each.sha256}.json`), JSON.stringify({ format: FORMAT, ...contents }));
      found.set(each.sha256, contents);
      context.emit({ type: 'progress', id: task.id, fraction: ++done / unread.size, detail: each.name });
    });
    return { value: undefined, detail: `${unread.size} packages` };
  });
  return found;
}

async function keptContents(file: string): Promise<DebContents | null> {
  try {
    const { format, ...contents } = JSON.parse(await readFile(file, 'utf8')) as DebContents & { format: number };
    return format === FORMAT ? contents : null;
  } catch {
    // Not there, or not whole: the package is read again.
    return null;
  }
}

async function readAll(
  context: CommandContext,
  packages: readonly ResolvedPackage[],
  { tools }: DebOptions,
  take: (each: ResolvedPackage, contents: DebContents) => Promise<void>,
): Promise<void> {
  const { environment, signal } = context;
  const { pool: host } = cacheFolders(environment.cache);
  const controls = await readControls(packages, host, { environment, signal, tree: tools });
  const work = await makeScratch(environment, 'contents');
  const pool = { host, inside: `${INPUTS}/pool`, writable: false };
  const run = toolRunner({ environment, tools, work, epoch: 0, signal }, { binds: [pool], log: null });
  // Large ones first, so that none is left alone at the end.
  const queue = [...packages].sort((a, b) => a.bytes - b.bytes);
  const worker = async (): Promise<void> => {
    for (let each = queue.pop(); each !== undefined; each = queue.pop()) {
      const tar = path.join(work, `${each.sha256}.tar`);
      await run('dpkg-deb', ['--fsys-tarfile', `${pool.inside}/${each.sha256}.deb`], { stdout: path.basename(tar) });
      const tree = await readTar(tar, signal);
      await take(each, { control: controls[each.sha256] ?? '', ...(await filesOf(tree, signal)) });
      await rm(tar);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function filesOf(tree: Tree, signal: AbortSignal): Promise<Omit<DebContents, 'control'>> {
  const links: Record<string, string> = {};
  const texts: Record<string, string> = {};
  for (const [name, node] of tree) {
    const place = mergedPath(name);
    if (node.type === 'symlink') links[place] = node.target;
    if (node.type === 'file' && TEXTS.test(place)) texts[place] = (await readContent(node)).toString('utf8');
  }
  const digests = [...(await digestTree(tree, signal))].map(([name, sha256]) => [mergedPath(name), sha256] as const);
  return { files: Object.fromEntries(digests), links, texts };
}
