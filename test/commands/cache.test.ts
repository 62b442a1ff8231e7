import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listCache, pruneCache } from '../../pipeline/commands/cache.ts';
import { putEntry } from '../../pipeline/engine/store.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { commandContext, type FakeCommandContext } from './context.ts';

const folder = scratchDirectory();
const OLD = new Date('2001-02-03T04:05:06Z');
let count = 0;

/** A cache with something old and something of now of each kind. */
async function filled(own: { json?: boolean } = {}): Promise<FakeCommandContext> {
  const context = commandContext(join(folder, `${count++}`), own);
  const { cache } = context.environment;
  for (const name of ['old', 'new']) {
    mkdirSync(join(cache, 'trees', `${name}-chest-0123456789abcdef`), { recursive: true });
    mkdirSync(join(cache, 'pool'), { recursive: true });
    mkdirSync(join(cache, 'apt', name), { recursive: true });
    mkdirSync(join(cache, 'resolutions'), { recursive: true });
    writeFileSync(join(cache, 'trees', `${name}-chest-0123456789abcdef`, 'program'), 'x'.repeat(5000));
    writeFileSync(join(cache, 'pool', `${name}.deb`), 'x'.repeat(5000));
    writeFileSync(join(cache, 'resolutions', `${name}.json`), '{}');
    writeFileSync(join(cache, 'artifact'), 'x'.repeat(5000));
    await putEntry(
      join(cache, 'store'),
      {
        key: `${name}-key-0123456789`,
        step: `${name}-hull`,
        stage: 'tree',
        image: 'galleon',
        sha256: 'd',
        bytes: 5000,
        facts: {},
        seconds: 1,
        published: null,
      },
      join(cache, 'artifact'),
    );
  }
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

const left = ({ environment: { cache } }: FakeCommandContext): string[] =>
  ['old', 'new']
    .flatMap(name => [
      `trees/${name}-chest-0123456789abcdef`,
      `pool/${name}.deb`,
      `apt/${name}`,
      `store/${name}-key-0123456789`,
      `resolutions/${name}.json`,
    ])
    .filter(path => existsSync(join(cache, path)));

describe('cache ls', () => {
  test('tells of steps, trees and the pool, the last used first', async () => {
    const context = await filled();
    expect(await listCache(context)).toBe(0);
    const rows = context.printed.split('\n').map(line => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['kind', 'what', 'key', 'on disk', 'last used']);
    expect(rows.slice(1, 6).map(([kind, what, key]) => [kind, what, key])).toEqual([
      ['step', 'galleon/new-hull', 'new-key-0123'],
      ['step', 'galleon/old-hull', 'old-key-0123'],
      ['tree', 'new-chest-0123456789abcdef', '0123456789ab'],
      ['tree', 'old-chest-0123456789abcdef', '0123456789ab'],
      ['pool', '2 packages', expect.any(String)],
    ]);
    expect(rows[2]?.at(-1)).toBe('2001-02-03 04:05');
    expect(context.printed).toMatch(new RegExp(`\\n\\n[0-9.]+ \\w+ in ${context.environment.cache}\\n$`));
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
    expect(entries[1]).toMatchObject({ key: 'old-key-0123456789', usedAt: OLD.toISOString() });
    for (const each of entries) expect(each.bytes).toBeGreaterThanOrEqual(5000);
  });

  test('of no cache at all', async () => {
    const context = commandContext(join(folder, 'none'));
    expect(await listCache(context)).toBe(0);
    expect(context.printed).toContain('0 packages');
  });
});

describe('cache prune', () => {
  test('takes what was not used for so long; resolutions stay', async () => {
    const context = await filled();
    expect(await pruneCache(context, { days: 30 })).toBe(0);
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
    await pruneCache(context, { days: 0 });
    expect(left(context)).toEqual(['resolutions/old.json', 'resolutions/new.json']);
    expect(JSON.parse(context.printed)).toMatchObject({ removed: 8 });
  });

  test('takes nothing that is younger', async () => {
    const context = await filled();
    const before = left(context);
    await pruneCache(context, { days: 999_999 });
    expect(left(context)).toEqual(before);
    expect(context.printed).toBe('removed 0 entries, 0 B\n');
  });
});
