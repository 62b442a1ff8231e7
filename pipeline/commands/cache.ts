/** caisson cache ls, prune: what the store, the trees and the pool hold, what still needs it, how to be rid of it. */
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { withCacheAlone } from '../engine/cache.ts';
import { cacheFolders } from '../engine/environment.ts';
import { BuildFault } from '../engine/fault.ts';
import { pooled } from '../engine/pool.ts';
import { brokenEntries, listEntries, type Listed } from '../engine/store.ts';
import { roundSize } from '../formats/bytes.ts';
import { drawTable } from '../report/table.ts';
import { count } from '../report/text.ts';
import { referencesOf, type References } from './cache/references.ts';
import { UsageFault, type CommandContext, type ExitCode } from './context.ts';

const DAY = 86_400_000;
const NONE: References = { images: [], steps: [] };

export async function listCache(context: CommandContext): Promise<ExitCode> {
  const folders = cacheFolders(context.environment.cache);
  const listed = await listEntries(folders.store);
  const { byKey: references } = await referencesOf(context, listed);
  const entries = listed.map(each => ({
    kind: 'step',
    name: `${each.entry.image}/${each.entry.step}`,
    key: each.entry.key,
    bytes: each.onDisk,
    usedAt: each.usedAt.toISOString(),
    ...(references.get(each.entry.key) ?? NONE),
  }));
  const trees = await Promise.all(
    (await treeNames(folders.trees)).map(async name => ({
      kind: 'tree',
      name,
      key: name.split('-').at(-1) ?? '',
      bytes: await sizeBelow(path.join(folders.trees, name)),
      usedAt: (await stat(path.join(folders.trees, name))).mtime.toISOString(),
      ...NONE,
    })),
  );
  const pool = {
    kind: 'pool',
    name: count((await pooled(folders.pool)).length, 'package'),
    key: '',
    bytes: await sizeBelow(folders.pool),
    usedAt: '',
    ...NONE,
  };
  const rows = [...entries, ...trees, pool];
  if (context.json) {
    context.print(`${JSON.stringify({ cache: context.environment.cache, entries: rows }, null, 2)}\n`);
    return 0;
  }
  const columns = [
    { title: 'kind', align: 'left' },
    { title: 'what', align: 'left' },
    { title: 'key', align: 'left' },
    { title: 'on disk', align: 'right' },
    { title: 'last used', align: 'left' },
    { title: 'needed by', align: 'left' },
  ] as const;
  const cells = rows.map(row => [
    row.kind,
    row.name,
    row.key.slice(0, 12),
    roundSize(row.bytes),
    row.usedAt === '' ? '' : age(new Date(row.usedAt)),
    row.kind === 'step' ? neededBy(row) : '',
  ]);
  const total = rows.reduce((sum, row) => sum + row.bytes, 0);
  context.print(
    `${drawTable(columns, cells, { width: context.width, color: context.color })}\n\n${roundSize(total)} in ${context.environment.cache}\n`,
  );
  return 0;
}

export interface PruneOptions {
  /** What was not used for so long goes; everything when 0. */
  days: number;
  /** Entries of the store go, however young, that no definition of the project means today; nothing else does. */
  unneeded: boolean;
}

/** Throws BuildFault while another command uses the cache. Resolutions stay: they make a rebuild the same. */
export async function pruneCache(context: CommandContext, options: PruneOptions): Promise<ExitCode> {
  const removed = await withCacheAlone(context, () => prune(context, options));
  if (removed === null) throw busy('removed');
  context.print(
    context.json
      ? `${JSON.stringify(removed)}\n`
      : `removed ${removed.removed === 1 ? '1 entry' : `${removed.removed} entries`}, ${roundSize(removed.bytes)}\n`,
  );
  return 0;
}

/** What `work` would do to the cache has to wait for whoever uses it. */
export function busy(done: string): BuildFault {
  return new BuildFault(
    `another command of caisson uses this cache; nothing was ${done}`,
    'try again when it has ended',
  );
}

async function prune(
  context: CommandContext,
  { days, unneeded }: PruneOptions,
): Promise<{ removed: number; bytes: number }> {
  const folders = cacheFolders(context.environment.cache);
  const limit = days === 0 ? Infinity : Date.now() - days * DAY;
  const listed = await listEntries(folders.store);
  const references = unneeded ? await knownReferences(context, listed) : null;
  const goes = ({ entry, usedAt }: Listed): boolean =>
    references === null ? usedAt.getTime() <= limit : (references.get(entry.key) ?? NONE).images.length === 0;
  const doomed = [...listed.filter(goes).map(each => each.folder), ...(await brokenEntries(folders.store))];
  if (references === null)
    doomed.push(
      ...(await oldFiles([folders.trees, folders.pool, folders.controls, folders.contents, folders.apt], limit)),
    );
  let bytes = 0;
  for (const each of doomed) {
    bytes += await sizeBelow(each);
    await rm(each, { recursive: true, force: true });
  }
  // Nobody holds any: those left behind belong to processes that were killed.
  await rm(folders.locks, { recursive: true, force: true });
  await rm(folders.scratch, { recursive: true, force: true });
  return { removed: doomed.length, bytes };
}

/** Throws UsageFault where it cannot be told what is needed: everything would go. */
async function knownReferences(
  context: CommandContext,
  listed: readonly Listed[],
): Promise<ReadonlyMap<string, References>> {
  const { byKey, images, unknown } = await referencesOf(context, listed);
  if (images.length === 0)
    throw new UsageFault(
      `${context.project} has no definitions, so nothing says what is needed; nothing was removed`,
      'run it in your project, or name that with --project',
    );
  if (unknown.length > 0)
    throw new UsageFault(
      `what ${unknown.join(', ')} needs is not known, because of faults; nothing was removed`,
      'caisson check shows them',
    );
  return byKey;
}

async function oldFiles(places: readonly string[], limit: number): Promise<string[]> {
  const files = (
    await Promise.all(places.map(async place => (await names(place)).map(name => path.join(place, name))))
  ).flat();
  const rows = await Promise.all(
    files.map(async file => (((await stat(file).catch(() => null))?.mtimeMs ?? Infinity) <= limit ? [file] : [])),
  );
  return rows.flat();
}

/** Names of the trees in the cache, without those that are just being made. */
export async function treeNames(trees: string): Promise<string[]> {
  return (await names(trees)).filter(name => !name.startsWith('.'));
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch((): string[] => [])).sort();
}

/** Definitions come first; what only entries of older builds were made from is told by these. */
function neededBy({ images, steps }: References): string {
  return [...images, ...(images.length === 0 ? steps : [])].join(', ') || 'nothing';
}

function age(date: Date): string {
  const days = Math.floor((Date.now() - date.getTime()) / DAY);
  return days < 1 ? date.toISOString().slice(11, 16) : `${count(days, 'day')} ago`;
}

async function sizeBelow(file: string): Promise<number> {
  const found = await lstat(file).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.blocks * 512;
  const sizes = await Promise.all((await names(file)).map(name => sizeBelow(path.join(file, name))));
  return sizes.reduce((sum, each) => sum + each, found.blocks * 512);
}
