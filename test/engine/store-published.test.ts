import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findEntry, putEntry, type Found } from '../../pipeline/engine/store.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { entryOf } from './entries.ts';
import { sha256 } from './steps.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
const { signal } = new AbortController();
/** When the file was made, in seconds since the epoch. */
const MADE = 1_000_000;
let count = 0;

describe('the entry of a published file', () => {
  const findAt = (store: string, published: string | null): Promise<Found> =>
    findEntry(store, 'k1', { published, check: 'changed', signal });
  async function published(): Promise<{ store: string; file: string }> {
    const store = at(`store-${count++}`);
    const file = at(`ship-${count}.raw`);
    writeFileSync(file, 'artful');
    utimesSync(file, MADE, MADE);
    await putEntry(store, entryOf({ published: file }), at(`elsewhere-${count}`));
    return { store, file };
  }

  test('is where it was published, not in the store', async () => {
    const { store, file } = await published();
    expect(await findAt(store, file)).toEqual({ entry: entryOf({ published: file }), file, fault: null });
    expect(readdirSync(join(store, 'k1'))).toEqual(['entry.json']);
  });

  test.each<[string, (file: string) => string | null]>([
    ['elsewhere', file => `${file}.other`],
    ['in the store', () => null],
  ])('is none for who wants it %s, and nothing is wrong', async (_, where) => {
    const { store, file } = await published();
    expect(await findAt(store, where(file))).toEqual({ entry: null, file: null, fault: '' });
  });

  test('in the store is none for who wants it published', async () => {
    const store = at('store-kept');
    writeFileSync(at('kept'), 'artful');
    await putEntry(store, entryOf(), at('kept'));
    expect(await findAt(store, at('ship.raw'))).toEqual({ entry: null, file: null, fault: '' });
  });

  test('is none when its user deleted the file, and nothing is wrong', async () => {
    const { store, file } = await published();
    rmSync(file);
    expect(await findAt(store, file)).toEqual({ entry: null, file: null, fault: '' });
  });

  test.each<[string, (file: string) => void, string]>([
    ['longer', file => writeFileSync(file, 'artfully'), 'has 8 bytes instead of 6'],
    [
      'replaced by another of the same length and time',
      file => {
        writeFileSync(`${file}.new`, 'forged');
        rmSync(file);
        writeFileSync(file, readFileSync(`${file}.new`));
        utimesSync(file, MADE, MADE);
      },
      `has SHA-256 ${sha256('forged')} instead of ${sha256('artful')}`,
    ],
  ])('is not found when that is %s', async (_, change, fault) => {
    const { store, file } = await published();
    change(file);
    expect(await findAt(store, file)).toMatchObject({ entry: null, fault: `${file} ${fault}` });
  });

  test('is found when that was only touched', async () => {
    const { store, file } = await published();
    utimesSync(file, 1000, 1000);
    expect(await findAt(store, file)).toMatchObject({ file });
  });
});
