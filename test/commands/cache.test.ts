import { existsSync, mkdirSync, utimesSync, writeFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listCache, pruneCache } from '../../pipeline/commands/cache.ts';
import { withCache } from '../../pipeline/engine/cache.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { planOfRaft, put, putPlan, raftProject, write, type RaftContext } from './raft.ts';

const folder = scratchDirectory();
const OLD = new Date('2001-02-03T04:05:06Z');
let count = 0;

/** A cache with something old and something of now of each kind; none of it is of the project's image. */
async function filled(own: { json?: boolean } = {}): Promise<RaftContext> {
  const context = raftProject(join(folder, `${count++}`), own);
  const { cache } = context.environment;
  for (const name of ['old', 'new']) {
    mkdirSync(join(cache, 'apt', name), { recursive: true });
    write(cache, `trees/${name}-chest-0123456789abcdef/program`, 'x'.repeat(5000));
    write(cache, `pool/${name}.deb`, 'x'.repeat(5000));
    write(cache, `resolutions/${name}.json`, '{}');
    const input = name === 'new' ? { 'input below': 'old-key-0123456789' } : {};
    await put(context, { key: `${name}-key-0123456789`, step: `${name}-hull`, parts: { epoch: '7', ...input } });
  }
  write(cache, 'trees/.new-chest-0123456789abcdef.lock', '');
  for (const path of [
    'trees/old-chest-0123456789abcdef',
    'pool/old.deb',
    'apt/old',
    'store/old-key-0123456789/entry.json',
    'resolutions/old.json',
  ])
    utimesSync(join(cache, path), OLD, OLD);
  return context;
}

const left = ({ environment: { cache } }: RaftContext): string[] =>
  ['old', 'new']
    .flatMap(name => [
      `trees/${name}-chest-0123456789abcdef`,
      `pool/${name}.deb`,
      `apt/${name}`,
      `store/${name}-key-0123456789`,
      `resolutions/${name}.json`,
    ])
    .filter(path => existsSync(join(cache, path)));
const cellsOf = (printed: string): string[][] => printed.split('\n').map(line => line.trimEnd().split(/ {2,}/));

describe('cache ls', () => {
  test('tells of steps, trees and the pool, the last used first', async () => {
    const context = await filled();
    expect(await listCache(context)).toBe(0);
    const rows = cellsOf(context.printed);
    expect(rows[0]).toEqual(['kind', 'what', 'key', 'on disk', 'last used', 'needed by']);
    expect(rows.slice(1, 6).map(([kind, what, key]) => [kind, what, key])).toEqual([
      ['step', 'galleon/new-hull', 'new-key-0123'],
      ['step', 'galleon/old-hull', 'old-key-0123'],
      ['tree', 'new-chest-0123456789abcdef', '0123456789ab'],
      ['tree', 'old-chest-0123456789abcdef', '0123456789ab'],
      ['pool', '2 packages', expect.any(String)],
    ]);
    expect(rows[1]?.[4]).toMatch(/^\d\d:\d\d$/);
    expect(rows[2]?.[4]).toMatch(/^\d{4,} days ago$/);
    expect(context.printed).toMatch(new RegExp(`\\n\\n[0-9.]+ \\w+ in ${context.environment.cache}\\n$`));
  });

  test('tells what needs a step: definitions, else what was made from it, else nothing', async () => {
    const context = await filled();
    const plan = await planOfRaft(context);
    await putPlan(context, plan);
    await listCache(context);
    const needed = cellsOf(context.printed).flatMap(cells => (cells[0] === 'step' ? [[cells[1], cells.at(-1)]] : []));
    expect(needed.toSorted((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))).toEqual([
      ['galleon/new-hull', 'nothing'],
      ['galleon/old-hull', 'galleon/new-hull'],
      ['raft/logs', 'raft'],
      ['raft/pond', 'raft'],
      ['raft/table', 'raft'],
    ]);
  });

  test('as JSON', async () => {
    const context = await filled({ json: true });
    await listCache(context);
    const { cache, entries } = JSON.parse(context.printed) as {
      cache: string;
      entries: { kind: string; key: string; bytes: number; usedAt: string }[];
    };
    expect(cache).toBe(context.environment.cache);
    expect(entries.map(each => each.kind)).toEqual(['step', 'step', 'tree', 'tree', 'pool']);
    expect(entries[1]).toMatchObject({
      key: 'old-key-0123456789',
      usedAt: OLD.toISOString(),
      images: [],
      steps: ['galleon/new-hull'],
    });
    for (const each of entries.slice(2)) expect(each.bytes).toBeGreaterThanOrEqual(5000);
    for (const each of entries.slice(0, 2)) expect(each.bytes).toBeGreaterThan(0);
  });

  test('of no cache at all', async () => {
    const context = raftProject(join(folder, 'none'));
    expect(await listCache(context)).toBe(0);
    expect(context.printed).toContain('0 packages');
  });
});

describe('cache prune', () => {
  test('takes what was not used for so long; resolutions stay', async () => {
    const context = await filled();
    expect(await pruneCache(context, { days: 30, unneeded: false })).toBe(0);
    expect(left(context)).toEqual([
      'resolutions/old.json',
      'trees/new-chest-0123456789abcdef',
      'pool/new.deb',
      'apt/new',
      'store/new-key-0123456789',
      'resolutions/new.json',
    ]);
    expect(context.printed).toMatch(/^removed 4 entries, \d+ \w+\n$/);
  });

  test('takes everything with 0 days, also what a clock that was ahead has left', async () => {
    const context = await filled({ json: true });
    utimesSync(join(context.environment.cache, 'pool/new.deb'), new Date('2199-01-01'), new Date('2199-01-01'));
    await pruneCache(context, { days: 0, unneeded: false });
    expect(left(context)).toEqual(['resolutions/old.json', 'resolutions/new.json']);
    expect((JSON.parse(context.printed) as { removed: number }).removed).toBeGreaterThanOrEqual(8);
  });

  test('takes nothing that is younger', async () => {
    const context = await filled();
    const before = left(context);
    await pruneCache(context, { days: 999_999, unneeded: false });
    expect(left(context)).toEqual(before);
    expect(context.printed).toBe('removed 0 entries, 0 B\n');
  });

  test('takes what is broken, and what killed ones have left, whatever its age', async () => {
    const context = await filled();
    const { cache } = context.environment;
    mkdirSync(join(cache, 'store/cut-short'));
    write(cache, 'scratch/build-oLd/keel/half', 'x');
    write(cache, 'locks/key-of-hull', '');
    await pruneCache(context, { days: 999_999, unneeded: false });
    for (const path of ['store/cut-short', 'scratch', 'locks']) expect(existsSync(join(cache, path))).toBe(false);
    expect(context.printed).toMatch(/^removed 1 entry, /);
  });

  test('removes nothing while another command uses the cache', async () => {
    const context = await filled();
    const before = left(context);
    await withCache(context, async () => {
      await expect(pruneCache(context, { days: 0, unneeded: false })).rejects.toMatchObject({
        name: 'BuildFault',
        message: 'another command of caisson uses this cache; nothing was removed',
        hint: 'try again when it has ended',
      });
    });
    expect(left(context)).toEqual(before);
    expect(context.printed).toBe('');
  });
});

describe('cache prune --unneeded', () => {
  const stored = ({ environment: { cache } }: RaftContext, keys: readonly (string | null)[]): boolean[] =>
    keys.map(key => existsSync(join(cache, 'store', key ?? '', 'entry.json')));

  test('takes what no definition means, however young, and nothing else', async () => {
    const context = await filled();
    const plan = await planOfRaft(context);
    await putPlan(context, plan);
    const kept = plan.steps.slice(0, 3).map(each => each.key);
    utimesSync(join(context.environment.cache, 'store', kept[0] ?? '', 'entry.json'), OLD, OLD);
    expect(await pruneCache(context, { days: 0, unneeded: true })).toBe(0);
    expect(left(context).filter(path => path.startsWith('store'))).toEqual([]);
    expect(left(context)).toHaveLength(8);
    expect(stored(context, kept)).toEqual([true, true, true]);
    expect(context.printed).toMatch(/^removed 2 entries, /);
  });

  test('takes what a changed definition means no more', async () => {
    const context = raftProject(join(folder, `${count++}`));
    const before = await planOfRaft(context);
    await putPlan(context, before);
    writeFileSync(join(context.project, 'overlays/deck/srv/sign.txt'), 'diving\n');
    const now = await planOfRaft(context);
    await put(context, { key: now.steps[0]?.key ?? '', step: 'logs', image: 'raft' });
    await pruneCache(context, { days: 999, unneeded: true });
    expect(
      stored(
        context,
        before.steps.slice(0, 3).map(each => each.key),
      ),
    ).toEqual([false, false, false]);
    expect(stored(context, [now.steps[0]?.key ?? ''])).toEqual([true]);
  });

  test.each<[string, (project: string) => void, string]>([
    [
      'a definition has faults',
      project => writeFileSync(join(project, 'pipeline/raft.yaml'), 'versoin: "1"\n'),
      'what raft needs is not known, because of faults; nothing was removed',
    ],
    [
      'there is no definition',
      project => rmSync(join(project, 'pipeline'), { recursive: true }),
      'has no definitions, so nothing says what is needed; nothing was removed',
    ],
  ])('removes nothing where %s', async (_, change, message) => {
    const context = raftProject(join(folder, `${count++}`));
    const plan = await planOfRaft(context);
    await putPlan(context, plan);
    change(context.project);
    await expect(pruneCache(context, { days: 0, unneeded: true })).rejects.toMatchObject({
      name: 'UsageFault',
      message: expect.stringContaining(message) as string,
    });
    expect(stored(context, [plan.steps[0]?.key ?? ''])).toEqual([true]);
  });
});
