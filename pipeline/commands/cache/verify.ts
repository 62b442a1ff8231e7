/** caisson cache verify: reads all of the cache and compares it with what was written; what is damaged goes. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { withCacheAlone } from '../../engine/cache.ts';
import { digestFile } from '../../engine/digest.ts';
import { cacheFolders } from '../../engine/environment.ts';
import { pooled } from '../../engine/pool.ts';
import { brokenEntries, checkArtifact, listEntries } from '../../engine/store.ts';
import { timed } from '../../engine/timed.ts';
import { damagedFiles } from '../../engine/trees.ts';
import { count } from '../../report/text.ts';
import { busy, treeNames } from '../cache.ts';
import type { CommandContext, ExitCode } from '../context.ts';

interface Damage {
  what: string;
  fault: string;
  /** What is removed, so that the next build makes or fetches it again. */
  remove: string;
}

/** Exit code 1 when anything was damaged. Throws BuildFault while another command uses the cache. */
export async function verifyCache(context: CommandContext, { keep }: { keep: boolean }): Promise<ExitCode> {
  const found = await withCacheAlone(context, async () => {
    const report = await inspect(context);
    if (!keep) for (const each of report.damaged) await rm(each.remove, { recursive: true, force: true });
    return report;
  });
  if (found === null) throw busy('looked at');
  const { damaged, checked } = found;
  if (context.json) {
    const rows = damaged.map(({ what, fault }) => ({ what, fault, removed: !keep }));
    context.print(`${JSON.stringify({ checked, damaged: rows }, null, 2)}\n`);
  } else {
    for (const { what, fault } of damaged) context.print(`damaged: ${what}: ${fault}\n`);
    const end =
      damaged.length === 0
        ? 'all sound'
        : `${damaged.length} damaged${keep ? '' : ' and removed: the next build makes them again'}`;
    const what = [count(checked.entries, 'step'), count(checked.packages, 'package'), count(checked.trees, 'tree')];
    context.print(`${what.join(', ')}: ${end}\n`);
  }
  return damaged.length === 0 ? 0 : 1;
}

async function inspect(
  context: CommandContext,
): Promise<{ damaged: Damage[]; checked: { entries: number; packages: number; trees: number } }> {
  const folders = cacheFolders(context.environment.cache);
  const entries = await listEntries(folders.store);
  const packages = await pooled(folders.pool);
  const trees = await treeNames(folders.trees);
  const look = async (id: string, summary: string, work: (done: Progress) => Promise<Damage[]>): Promise<Damage[]> =>
    timed({ id, summary }, context, async () => {
      const progress: Progress = (fraction, detail) => context.emit({ type: 'progress', id, fraction, detail });
      const value = await work(progress);
      return { value, detail: value.length === 0 ? 'sound' : `${value.length} damaged` };
    });
  const damaged = [
    ...(await look('store', 'digests of what steps made', done => damagedEntries(context, entries, done))),
    ...(await brokenEntries(folders.store)).map(remove => ({
      what: `entry ${path.basename(remove).slice(0, 12)}`,
      fault: 'its record is missing or does not match its own digest',
      remove,
    })),
    ...(await look('pool', 'digests of packages', done => damagedPackages(context, folders.pool, { packages, done }))),
    ...(await look('trees', 'programs and libraries, by the digests of their packages', done =>
      damagedTrees(context, folders.trees, { trees, done }),
    )),
  ];
  return { damaged, checked: { entries: entries.length, packages: packages.length, trees: trees.length } };
}

type Progress = (fraction: number, detail: string) => void;

async function damagedEntries(
  { signal }: CommandContext,
  entries: Awaited<ReturnType<typeof listEntries>>,
  done: Progress,
): Promise<Damage[]> {
  const damaged: Damage[] = [];
  // What was published is its user's: a file that was changed, replaced by a newer build or deleted is not damage.
  const looked = entries.filter(each => each.entry.published === null || !each.touched);
  for (const [index, { entry, file, folder }] of looked.entries()) {
    const what = `${entry.image}/${entry.step} (${entry.key.slice(0, 12)})`;
    done(index / looked.length, what);
    const fault = await checkArtifact(file, entry, signal);
    if (fault !== null) damaged.push({ what, fault, remove: folder });
  }
  return damaged;
}

async function damagedPackages(
  { signal }: CommandContext,
  pool: string,
  { packages, done }: { packages: readonly string[]; done: Progress },
): Promise<Damage[]> {
  const damaged: Damage[] = [];
  for (const [index, name] of packages.entries()) {
    done(index / packages.length, name);
    const remove = path.join(pool, name);
    const { sha256 } = await digestFile(remove, signal);
    if (`${sha256}.deb` !== name) damaged.push({ what: `package ${name}`, fault: `its SHA-256 is ${sha256}`, remove });
  }
  return damaged;
}

async function damagedTrees(
  { environment, signal }: CommandContext,
  folder: string,
  { trees, done }: { trees: readonly string[]; done: Progress },
): Promise<Damage[]> {
  const damaged: Damage[] = [];
  for (const [index, name] of trees.entries()) {
    done(index / trees.length, name);
    const remove = path.join(folder, name);
    const files = await damagedFiles(remove, { environment, signal });
    const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
    if (files.length > 0)
      damaged.push({
        what: `tree ${name}`,
        fault: `changed or missing: ${files.slice(0, 3).join(', ')}${more}`,
        remove,
      });
  }
  return damaged;
}
