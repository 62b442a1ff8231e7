import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenEntries, checkArtifact, listEntries, putEntry, type Entry } from '../../pipeline/engine/store.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { entryOf } from './entries.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
const { signal } = new AbortController();
let count = 0;

/** Puts an entry whose artifact holds `content`; returns where that is. */
function put(store: string, own: Partial<Entry> = {}, content = 'artful'): Promise<string> {
  const made = at(`made-${count++}`);
  writeFileSync(made, content);
  return putEntry(store, entryOf(own), made);
}

describe('the whole store', () => {
  test('listEntries gives the last used first, with what it takes on disk', async () => {
    const store = at('store-listed');
    await put(store, { key: 'old' }, 'x'.repeat(9000));
    for (const [key, time] of [
      ['new', 3000],
      ['mid', 2000],
    ] as const) {
      await put(store, { key });
      utimesSync(join(store, key, 'entry.json'), time, time);
    }
    utimesSync(join(store, 'old', 'entry.json'), 1000, 1000);
    mkdirSync(join(store, 'rubbish'));
    const rows = await listEntries(store);
    expect(rows.map(row => [row.entry.key, row.usedAt.getTime(), row.folder, row.file])).toEqual([
      ['new', 3_000_000, join(store, 'new'), join(store, 'new/artifact')],
      ['mid', 2_000_000, join(store, 'mid'), join(store, 'mid/artifact')],
      ['old', 1_000_000, join(store, 'old'), join(store, 'old/artifact')],
    ]);
    expect(rows[2]?.onDisk).toBeGreaterThanOrEqual(9000);
    expect(await listEntries(at('no-such-store'))).toEqual([]);
  });

  test('listEntries tells where a published file is; it takes nothing of the store', async () => {
    const store = at('store-published');
    writeFileSync(at('ship.raw'), 'artful');
    await putEntry(store, entryOf({ published: at('ship.raw') }), at('aside'));
    expect(await listEntries(store)).toMatchObject([{ file: at('ship.raw'), onDisk: 0 }]);
  });

  test('brokenEntries gives the folders whose record is of no use', async () => {
    const store = at('store-broken');
    await put(store);
    for (const name of ['b-cut', 'a-empty']) mkdirSync(join(store, name));
    writeFileSync(join(store, 'b-cut/entry.json'), '{"seal": "');
    expect(await brokenEntries(store)).toEqual([join(store, 'a-empty'), join(store, 'b-cut')]);
    expect(await brokenEntries(at('no-such-store'))).toEqual([]);
  });
});

describe('checkArtifact', () => {
  test('finds nothing wrong with what is as it was made', async () =>
    expect(await checkArtifact(await put(at('store-sound')), entryOf(), signal)).toBeNull());

  test.each<[string, (file: string) => void, RegExp]>([
    ['gone', file => rmSync(file), /^ENOENT: .*artifact/],
    [
      'a folder of that size',
      file => {
        rmSync(file);
        mkdirSync(file);
      },
      /./,
    ],
    ['shorter', file => writeFileSync(file, 'art'), /artifact has 3 bytes instead of 6$/],
    ['another', file => writeFileSync(file, 'forged'), /artifact has SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64}$/],
  ])('tells when it is %s', async (_, spoil, fault) => {
    const file = await put(at(`store-${count}`));
    spoil(file);
    expect(await checkArtifact(file, entryOf(), signal)).toMatch(fault);
  });
});
