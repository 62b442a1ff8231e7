/** caisson cache: what the store, the trees and the pool hold, and how to be rid of it. */
import { readdir, rm, stat, lstat } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolders } from '../engine/environment.ts';
import { clearAbandoned } from '../engine/scratch.ts';
import { listEntries } from '../engine/store.ts';
import { roundSize } from '../formats/bytes.ts';
import { drawTable } from '../report/table.ts';
import type { CommandContext, ExitCode } from './context.ts';

const DAY = 86_400_000;

export async function listCache(context: CommandContext): Promise<ExitCode> {
  const folders = cacheFolders(context.environment.cache);
  const entries = (await listEntries(folders.store)).map(({ entry, onDisk, usedAt }) => ({
    kind: 'step',
    name: `${entry.image}/${entry.step}`,
    key: entry.key,
    bytes: onDisk,
    usedAt: usedAt.toISOString(),
  }));
  const trees = await Promise.all(
    (await names(folders.trees)).map(async name => ({
      kind: 'tree',
      name,
      key: name.split('-').at(-1) ?? '',
      bytes: await sizeBelow(path.join(folders.trees, name)),
      usedAt: (await stat(path.join(folders.trees, name))).mtime.toISOString(),
    })),
  );
  const pool = {
    kind: 'pool',
    name: `${(await names(folders.pool)).length} packages`,
    key: '',
    bytes: await sizeBelow(folders.pool),
    usedAt: '',
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
  ] as const;
  const cells = rows.map(row => [
    row.kind,
    row.name,
    row.key.slice(0, 12),
    roundSize(row.bytes),
    row.usedAt.slice(0, 16).replace('T', ' '),
  ]);
  const total = rows.reduce((sum, row) => sum + row.bytes, 0);
  context.print(
    `${drawTable(columns, cells, { width: context.width, color: context.color })}\n\n${roundSize(total)} in ${context.environment.cache}\n`,
  );
  return 0;
}

/** Removes what was not used for `days`; everything when 0. Resolutions stay: they are what makes a rebuild the same. */
export async function pruneCache(context: CommandContext, { days }: { days: number }): Promise<ExitCode> {
  const folders = cacheFolders(context.environment.cache);
  await clearAbandoned(folders.scratch);
  const limit = days === 0 ? Infinity : Date.now() - days * DAY;
  let freed = 0;
  let count = 0;
  for (const { folder, onDisk, usedAt } of await listEntries(folders.store)) {
    if (usedAt.getTime() > limit) continue;
    await rm(folder, { recursive: true, force: true });
    freed += onDisk;
    count++;
  }
  for (const folder of [folders.trees, folders.pool, folders.apt]) {
    for (const name of await names(folder)) {
      const file = path.join(folder, name);
      if ((await stat(file)).mtimeMs > limit) continue;
      freed += await sizeBelow(file);
      await rm(file, { recursive: true, force: true });
      count++;
    }
  }
  context.print(
    context.json
      ? `${JSON.stringify({ removed: count, bytes: freed })}\n`
      : `removed ${count} entries, ${roundSize(freed)}\n`,
  );
  return 0;
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch((): string[] => [])).sort();
}

async function sizeBelow(file: string): Promise<number> {
  const found = await lstat(file).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.blocks * 512;
  const sizes = await Promise.all((await names(file)).map(name => sizeBelow(path.join(file, name))));
  return sizes.reduce((sum, each) => sum + each, found.blocks * 512);
}
