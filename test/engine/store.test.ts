import { createHash } from 'node:crypto';
import {
  existsSync,
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
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  digestExtents,
  digestFile,
  findEntry,
  listEntries,
  putEntry,
  replaceFile,
  type Entry,
} from '../../pipeline/engine/store.ts';
import { openFiles, scratchDirectory } from '../disk/scratch.ts';

const folder = scratchDirectory();
const at = (name: string): string => join(folder, name);
const { signal } = new AbortController();
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

const entryOf = (own: Partial<Entry> = {}): Entry => ({
  key: 'k1',
  step: 'hull',
  stage: 'tree',
  image: 'galleon',
  sha256: 'd1',
  bytes: 6,
  facts: { planks: [1, { two: null }] },
  seconds: 1.5,
  published: null,
  ...own,
});
let count = 0;

/** A store of its own with the entry in it. */
async function stored(own: Partial<Entry> = {}, content = 'artful'): Promise<{ store: string; file: string }> {
  const store = at(`store-${count++}`);
  const made = at(`made-${count}`);
  writeFileSync(made, content);
  const file = await putEntry(store, entryOf(own), made);
  return { store, file };
}

describe('an entry', () => {
  test('is found as it was put; the artifact has moved', async () => {
    const { store, file } = await stored();
    expect(await findEntry(store, 'k1')).toEqual({ entry: entryOf(), file });
    expect(readFileSync(file, 'utf8')).toBe('artful');
    expect(readdirSync(folder).filter(name => name.startsWith(`made-${count}`))).toEqual([]);
  });

  test('by another key is none', async () => {
    const { store } = await stored();
    expect(await findEntry(store, 'k2')).toBeNull();
    expect(await findEntry(at('no-such-store'), 'k1')).toBeNull();
  });

  test.each<[string, (folder: string) => void]>([
    ['shorter', entry => truncateSync(join(entry, 'artifact'), 5)],
    ['longer', entry => truncateSync(join(entry, 'artifact'), 7)],
    ['gone', entry => rmSync(join(entry, 'artifact'))],
    ['without its record', entry => rmSync(join(entry, 'entry.json'))],
    ['with half a record', entry => truncateSync(join(entry, 'entry.json'), 20)],
    ['moved to another key', entry => writeFileSync(join(entry, 'entry.json'), JSON.stringify(entryOf({ key: 'k9' })))],
  ])('whose artifact is %s is not found', async (_, spoil) => {
    const { store } = await stored();
    spoil(join(store, 'k1'));
    expect(await findEntry(store, 'k1')).toBeNull();
  });

  test('put again replaces the one that was spoiled', async () => {
    const { store, file } = await stored();
    truncateSync(file, 1);
    writeFileSync(at('again'), 'better');
    await putEntry(store, entryOf({ seconds: 9 }), at('again'));
    expect((await findEntry(store, 'k1'))?.entry.seconds).toBe(9);
    expect(readFileSync(file, 'utf8')).toBe('better');
  });

  test('put by two at once is there, whoever was first', async () => {
    const store = at('store-race');
    const rivals = Array.from({ length: 8 }, (_, index) => at(`rival-${index}`));
    for (const rival of rivals) writeFileSync(rival, 'equals');
    const files = await Promise.all(rivals.map(rival => putEntry(store, entryOf(), rival)));
    expect(new Set(files)).toEqual(new Set([join(store, 'k1', 'artifact')]));
    expect((await findEntry(store, 'k1'))?.entry.bytes).toBe(6);
    expect(readdirSync(folder).filter(name => name.startsWith('rival-'))).toEqual([]);
  });

  test('cut off while it is put is no entry: until the last rename there is nothing by its key', async () => {
    const store = at('store-cut');
    // The artifact is missing, as if the machine had stopped in the middle of putting it.
    await expect(putEntry(store, entryOf(), at('never-made'))).rejects.toThrow('ENOENT');
    expect(await findEntry(store, 'k1')).toBeNull();
    expect(readdirSync(store).filter(name => name === 'k1')).toEqual([]);
  });

  test('is of use again once found: its age starts anew', async () => {
    const { store } = await stored();
    const record = join(store, 'k1', 'entry.json');
    utimesSync(record, 1000, 1000);
    await findEntry(store, 'k1');
    expect(statSync(record).mtimeMs).toBeGreaterThan(1_000_000);
  });
});

describe('the entry of a published file', () => {
  async function published(): Promise<{ store: string; file: string }> {
    const store = at(`store-${count++}`);
    const file = at(`ship-${count}.raw`);
    writeFileSync(file, 'artful');
    const { mtimeMs, ino } = statSync(file);
    await putEntry(store, entryOf({ published: { path: file, mtimeMs, ino } }), at(`elsewhere-${count}`));
    return { store, file };
  }

  test('is where it was published, not in the store', async () => {
    const { store, file } = await published();
    expect((await findEntry(store, 'k1'))?.file).toBe(file);
    expect(readdirSync(join(store, 'k1'))).toEqual(['entry.json']);
  });

  test.each<[string, (file: string) => void]>([
    ['gone', file => rmSync(file)],
    ['longer', file => writeFileSync(file, 'artfully')],
    ['touched', file => utimesSync(file, 1000, 1000)],
    [
      'replaced by another of the same length and time',
      file => {
        const { atime, mtime } = statSync(file);
        writeFileSync(`${file}.new`, 'forged');
        rmSync(file);
        mkdirSync(file);
        rmSync(file, { recursive: true });
        writeFileSync(file, readFileSync(`${file}.new`));
        utimesSync(file, atime, new Date(mtime.getTime() + 1));
      },
    ],
  ])('is not found when that is %s', async (_, change) => {
    const { store, file } = await published();
    change(file);
    expect(await findEntry(store, 'k1')).toBeNull();
  });
});

test('listEntries gives the last used first, with what it takes on disk', async () => {
  const { store } = await stored({ key: 'old' }, 'x'.repeat(9000));
  for (const [key, time] of [
    ['new', 3000],
    ['mid', 2000],
  ] as const) {
    writeFileSync(at('one'), 'y');
    await putEntry(store, entryOf({ key }), at('one'));
    utimesSync(join(store, key, 'entry.json'), time, time);
  }
  utimesSync(join(store, 'old', 'entry.json'), 1000, 1000);
  mkdirSync(join(store, 'rubbish'));
  const rows = await listEntries(store);
  expect(rows.map(row => [row.entry.key, row.usedAt.getTime(), row.folder])).toEqual([
    ['new', 3_000_000, join(store, 'new')],
    ['mid', 2_000_000, join(store, 'mid')],
    ['old', 1_000_000, join(store, 'old')],
  ]);
  expect(rows[2]?.onDisk).toBeGreaterThanOrEqual(9000);
  expect(await listEntries(at('no-such-store'))).toEqual([]);
});

describe('digests', () => {
  const file = at('sparse');
  const write = (...pieces: [number, string][]): void => {
    const bytes = Buffer.alloc(5000);
    for (const [start, text] of pieces) bytes.write(text, start);
    writeFileSync(file, bytes);
  };

  test.each([0, 1, 100_000])('digestFile of %d bytes is what sha256sum says', async size => {
    const bytes = Buffer.alloc(size, 'kelp');
    writeFileSync(file, bytes);
    expect(await digestFile(file, signal)).toEqual({ sha256: sha256(bytes), bytes: size });
  });

  test('digestFile reads extents only, and says the same', async () => {
    const piece = fc.tuple(fc.nat(700), fc.integer({ min: 1, max: 700 }));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.nat(900), async (pieces, tail) => {
        let end = 0;
        const extents = pieces.map(([gap, length]): [number, number] => {
          const start = end + gap;
          end = start + length;
          return [start, length];
        });
        const bytes = Buffer.alloc(end + tail);
        for (const [start, length] of extents) bytes.fill('data', start, start + length);
        writeFileSync(file, bytes);
        expect(await digestFile(file, signal, extents)).toEqual({ sha256: sha256(bytes), bytes: bytes.length });
      }),
      { numRuns: 30 },
    );
  });

  test('digestExtents is equal for equal data', async () => {
    write([100, 'abc'], [4000, 'xyz']);
    const first = await digestExtents(file, signal, [
      [100, 3],
      [4000, 3],
    ]);
    write([100, 'abc'], [4000, 'xyz']);
    expect(
      await digestExtents(file, signal, [
        [100, 3],
        [4000, 3],
      ]),
    ).toEqual(first);
    expect(first.bytes).toBe(5000);
  });

  test.each<[string, [number, string][], [number, number][]]>([
    [
      'moves',
      [
        [101, 'abc'],
        [4000, 'xyz'],
      ],
      [
        [101, 3],
        [4000, 3],
      ],
    ],
    [
      'moves from one extent to the next',
      [
        [100, 'ab'],
        [3999, 'cxyz'],
      ],
      [
        [100, 2],
        [3999, 4],
      ],
    ],
    [
      'changes',
      [
        [100, 'abd'],
        [4000, 'xyz'],
      ],
      [
        [100, 3],
        [4000, 3],
      ],
    ],
    [
      'changes places',
      [
        [100, 'xyz'],
        [4000, 'abc'],
      ],
      [
        [100, 3],
        [4000, 3],
      ],
    ],
  ])('digestExtents differs when data %s', async (_, pieces, extents) => {
    write([100, 'abc'], [4000, 'xyz']);
    const before = await digestExtents(file, signal, [
      [100, 3],
      [4000, 3],
    ]);
    write(...pieces);
    expect((await digestExtents(file, signal, extents)).sha256).not.toBe(before.sha256);
  });

  test('digestExtents differs when the file is longer', async () => {
    write([100, 'abc']);
    const before = await digestExtents(file, signal, [[100, 3]]);
    truncateSync(file, 5001);
    expect((await digestExtents(file, signal, [[100, 3]])).sha256).not.toBe(before.sha256);
  });

  test('stop when told to', async () => {
    write([0, 'x']);
    await expect(digestFile(file, AbortSignal.abort(new Error('enough')))).rejects.toThrow();
    await expect.poll(() => openFiles(folder)).toEqual([]);
  });
});

test('replaceFile leaves the new text and nothing beside it', async () => {
  mkdirSync(at('records'));
  writeFileSync(at('records/build.json'), 'a long old text');
  await replaceFile(at('records/build.json'), 'new');
  expect(readFileSync(at('records/build.json'), 'utf8')).toBe('new');
  expect(readdirSync(at('records'))).toEqual(['build.json']);
  expect(existsSync(at('records/build.json.tmp'))).toBe(false);
});
