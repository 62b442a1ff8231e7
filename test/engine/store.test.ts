import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestExtents } from '../../pipeline/engine/digest.ts';
import { findEntry, putEntry, type Entry, type Found } from '../../pipeline/engine/store.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { entryOf, rotSilently } from './entries.ts';
import { sha256 } from './steps.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
const { signal } = new AbortController();
/** When each artifact was made, in seconds since the epoch. */
const MADE = 1_000_000;
let count = 0;

const find = (store: string, check: 'changed' | 'always' = 'changed', key = 'k1'): Promise<Found> =>
  findEntry(store, key, { published: null, check, signal });

/** A store of its own with the entry in it. */
async function stored(own: Partial<Entry> = {}, content = 'artful'): Promise<{ store: string; file: string }> {
  const store = at(`store-${count++}`);
  const made = at(`made-${count}`);
  writeFileSync(made, content);
  utimesSync(made, MADE, MADE);
  const file = await putEntry(store, entryOf(own), made);
  return { store, file };
}

describe('an entry', () => {
  test('is found as it was put; the artifact has moved', async () => {
    const { store, file } = await stored();
    expect(await find(store)).toEqual({ entry: entryOf(), file, fault: null });
    expect(readFileSync(file, 'utf8')).toBe('artful');
    expect(readdirSync(folder).filter(name => name.startsWith(`made-${count}`))).toEqual([]);
  });

  test('by another key is none, and nothing is wrong', async () => {
    const { store } = await stored();
    const none = { entry: null, file: null, fault: '' };
    expect(await find(store, 'always', 'k2')).toEqual(none);
    expect(await find(at('no-such-store'))).toEqual(none);
  });

  test.each<[string, (entry: string) => void, RegExp]>([
    ['shorter', entry => truncateSync(join(entry, 'artifact'), 5), /artifact has 5 bytes instead of 6$/],
    ['longer', entry => truncateSync(join(entry, 'artifact'), 7), /artifact has 7 bytes instead of 6$/],
    ['gone', entry => rmSync(join(entry, 'artifact')), /artifact is gone$/],
    [
      'a folder',
      entry => {
        rmSync(join(entry, 'artifact'));
        mkdirSync(join(entry, 'artifact'));
      },
      /artifact is gone$/,
    ],
    ['without its record', entry => rmSync(join(entry, 'entry.json')), /entry\.json is missing or damaged$/],
    ['with half a record', entry => truncateSync(join(entry, 'entry.json'), 20), /entry\.json is missing or damaged$/],
    [
      'with a bit turned in its facts',
      entry => {
        const record = readFileSync(join(entry, 'entry.json'), 'utf8');
        writeFileSync(join(entry, 'entry.json'), record.replace('"two"', '"twn"'));
      },
      /entry\.json is missing or damaged$/,
    ],
  ])('whose artifact is %s is not found, and that is told', async (_, spoil, fault) => {
    const { store } = await stored();
    spoil(join(store, 'k1'));
    expect(await find(store)).toEqual({ entry: null, file: null, fault: expect.stringMatching(fault) as string });
  });

  test('that stands under another key is not found, and both are told', async () => {
    const { store } = await stored({ key: 'k9' });
    mkdirSync(join(store, 'k1'));
    for (const name of ['artifact', 'entry.json'])
      writeFileSync(join(store, 'k1', name), readFileSync(join(store, 'k9', name)));
    expect(await find(store)).toMatchObject({ entry: null, fault: `${join(store, 'k1')} holds the entry of key k9` });
  });

  test('put again replaces the one that was spoiled', async () => {
    const { store, file } = await stored();
    truncateSync(file, 1);
    writeFileSync(at('again'), 'artful');
    await putEntry(store, entryOf({ seconds: 9 }), at('again'));
    expect((await find(store)).entry?.seconds).toBe(9);
    expect(readFileSync(file, 'utf8')).toBe('artful');
    expect(readdirSync(store)).toEqual(['k1']);
  });

  test('put by two at once is there, whoever was first', async () => {
    const store = at('store-race');
    const rivals = Array.from({ length: 8 }, (_, index) => at(`rival-${index}`));
    for (const rival of rivals) writeFileSync(rival, 'artful');
    const files = await Promise.all(rivals.map(rival => putEntry(store, entryOf(), rival)));
    expect(new Set(files)).toEqual(new Set([join(store, 'k1', 'artifact')]));
    expect((await find(store, 'always')).entry?.bytes).toBe(6);
    expect(readdirSync(folder).filter(name => name.startsWith('rival-'))).toEqual([]);
  });

  test('cut off while it is put is no entry: until the last rename there is nothing by its key', async () => {
    const store = at('store-cut');
    // The artifact is missing, as if the machine had stopped in the middle of putting it.
    await expect(putEntry(store, entryOf(), at('never-made'))).rejects.toThrow('ENOENT');
    expect(await find(store)).toMatchObject({ entry: null, fault: '' });
    expect(readdirSync(store).filter(name => name === 'k1')).toEqual([]);
  });

  test('is of use again once found: its age starts anew', async () => {
    const { store } = await stored();
    const record = join(store, 'k1', 'entry.json');
    utimesSync(record, 1000, 1000);
    await find(store);
    expect(statSync(record).mtimeMs).toBeGreaterThan(1_000_000);
  });
});

describe('the bytes of an artifact', () => {
  test('are not read when its file is as it was', async () => {
    const { store, file } = await stored();
    rotSilently(join(store, 'k1'), file, 'rotten');
    expect(await find(store, 'changed')).toMatchObject({ file, fault: null });
  });

  test('are read when that is asked, and both digests told', async () => {
    const { store, file } = await stored();
    rotSilently(join(store, 'k1'), file, 'rotten');
    expect(await find(store, 'always')).toEqual({
      entry: null,
      file: null,
      fault: `${file} has SHA-256 ${sha256('rotten')} instead of ${sha256('artful')}`,
    });
  });

  test.each<[string, (file: string) => void]>([
    ['written', file => writeFileSync(file, 'forged')],
    [
      'written, and its time set back',
      file => {
        writeFileSync(file, 'forged');
        utimesSync(file, MADE, MADE);
      },
    ],
    [
      'replaced',
      file => {
        rmSync(file);
        writeFileSync(file, 'forged');
      },
    ],
  ])('are read when its file was %s', async (_, change) => {
    const { store, file } = await stored();
    change(file);
    expect(await find(store, 'changed')).toMatchObject({
      entry: null,
      fault: expect.stringContaining('has SHA-256') as string,
    });
  });

  test('are read once after a harmless touch, and found sound', async () => {
    const { store, file } = await stored();
    const record = (): string => readFileSync(join(store, 'k1/entry.json'), 'utf8');
    const before = record();
    utimesSync(file, 1000, 1000);
    expect(await find(store)).toEqual({ entry: entryOf(), file, fault: null });
    expect(record()).not.toBe(before);
    rotSilently(join(store, 'k1'), file, 'rotten');
    expect(await find(store)).toMatchObject({ file });
  });

  test('are looked at by many at once, who all find it', async () => {
    const { store, file } = await stored();
    utimesSync(file, 1000, 1000);
    const all = await Promise.all(Array.from({ length: 9 }, () => find(store)));
    expect(all.map(each => each.file)).toEqual(Array.from({ length: 9 }, () => file));
    expect(readdirSync(join(store, 'k1')).toSorted()).toEqual(['artifact', 'entry.json']);
  });

  test('of a sparse one are those that are no holes', async () => {
    const { store, file } = await stored();
    const facts = { extents: [[0, 3]] };
    const { sha256: digest } = await digestExtents(file, signal, [[0, 3]]);
    writeFileSync(at('sparse'), 'artful');
    const sparse = await putEntry(store, entryOf({ key: 'k2', facts, sha256: digest }), at('sparse'));
    writeFileSync(sparse, 'artist');
    expect(await find(store, 'always', 'k2')).toMatchObject({ fault: null });
    writeFileSync(sparse, 'Artist');
    expect(await find(store, 'always', 'k2')).toMatchObject({ entry: null });
  });

  test('reading them ends when the build does', async () => {
    const { store } = await stored();
    const stopped = { published: null, check: 'always', signal: AbortSignal.abort(new Error('enough')) } as const;
    await expect(findEntry(store, 'k1', stopped)).rejects.toThrow('enough');
  });
});
