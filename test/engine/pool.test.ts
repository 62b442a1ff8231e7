import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PATIENCE } from '../../pipeline/debian/apt.ts';
import type { ResolvedPackage } from '../../pipeline/debian/stanza.ts';
import { fetchPackages, lookIntoPool, makeRepository, pooled } from '../../pipeline/engine/pool.ts';
import type { Programs } from '../../pipeline/engine/programs.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { manifestOf } from '../stages/documents.ts';
import { contentOf, cutsOff, gives, hostPrograms, openMirror, packageAt } from './mirror.ts';

const folder = scratchDirectory();
/** Memory: never the file system of the scratch folder. */
const elsewhere = mkdtempSync('/dev/shm/caisson-pool-');
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));
let count = 0;
const { signal } = new AbortController();
const newPool = (): string => join(folder, `pool-${count++}`);
const fileIn = (pool: string, { sha256 }: ResolvedPackage): string => join(pool, `${sha256}.deb`);
const atNoMirror = (...names: string[]): ResolvedPackage[] =>
  names.map(name => packageAt({ url: 'http://mirror.example' }, name));

/** A pool with these in it, sound. */
function poolOf(...packages: ResolvedPackage[]): string {
  const pool = newPool();
  mkdirSync(pool);
  for (const each of packages) writeFileSync(fileIn(pool, each), contentOf(each.name));
  return pool;
}

const fetch = (packages: readonly ResolvedPackage[], pool: string, programs = hostPrograms(folder)): Promise<void> =>
  fetchPackages(packages, { pool, programs, patience: PATIENCE, signal, onProgress: () => undefined });

describe('lookIntoPool', () => {
  const [rope, anchor, sail, mast] = atNoMirror('rope', 'anchor', 'sail', 'mast') as [
    ResolvedPackage,
    ResolvedPackage,
    ResolvedPackage,
    ResolvedPackage,
  ];

  test('tells those that are missing from those that are damaged', async () => {
    const pool = poolOf(rope, anchor, sail);
    writeFileSync(fileIn(pool, anchor), contentOf('Anchor'));
    writeFileSync(fileIn(pool, sail), '');
    expect(await lookIntoPool(pool, [rope, anchor, sail, mast], signal)).toEqual({
      missing: [mast],
      damaged: [anchor, sail],
    });
  });

  test('of no pool at all', async () =>
    expect(await lookIntoPool(newPool(), [rope], signal)).toEqual({ missing: [rope], damaged: [] }));

  test('ends when it is told to', async () => {
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(lookIntoPool(poolOf(rope), [rope], stopped)).rejects.toThrow('enough');
  });
});

describe('fetchPackages', () => {
  test('brings each into the pool by its digest', async () => {
    const mirror = await openMirror({ 'rope.deb': [gives(contentOf('rope'))], 'sail.deb': [gives(contentOf('sail'))] });
    const packages = ['rope', 'sail'].map(name => packageAt(mirror, name));
    const pool = newPool();
    await fetch(packages, pool);
    expect(readdirSync(pool)).toEqual(packages.map(each => `${each.sha256}.deb`).toSorted());
    expect(await lookIntoPool(pool, packages, signal)).toEqual({ missing: [], damaged: [] });
  });

  test('replaces a damaged one, and leaves the others alone', async () => {
    const mirror = await openMirror({ 'rope.deb': [gives(contentOf('rope'))] });
    const [rope, sail] = [packageAt(mirror, 'rope'), packageAt(mirror, 'sail')];
    const pool = poolOf(rope, sail);
    writeFileSync(fileIn(pool, rope), 'worm-eaten');
    await fetch([rope], pool);
    expect(readFileSync(fileIn(pool, rope), 'utf8')).toBe(contentOf('rope'));
    expect(readdirSync(pool)).toHaveLength(2);
  });

  test('keeps what came when others of the batch did not; of those nothing', async () => {
    const mirror = await openMirror({
      'rope.deb': [gives(contentOf('rope'))],
      'anchor.deb': [gives('forged')],
      'sail.deb': [gives(contentOf('sail'))],
    });
    const [rope, anchor, sail, mast] = ['rope', 'anchor', 'sail', 'mast'].map(name => packageAt(mirror, name));
    const packages = [rope, anchor, sail, mast] as ResolvedPackage[];
    const pool = newPool();
    await expect(fetch(packages, pool)).rejects.toMatchObject({ name: 'BuildFault' });
    expect(await lookIntoPool(pool, packages, signal)).toEqual({ missing: [anchor, mast], damaged: [] });
    expect(readdirSync(pool)).toHaveLength(2);
  });

  test('never takes in one that was cut off, which apt-helper leaves under the name of a whole one', async () => {
    const mirror = await openMirror({ 'rope.deb': [cutsOff] });
    const rope = packageAt(mirror, 'rope');
    const pool = newPool();
    const left: string[] = [];
    const programs: Programs = {
      run: (argv, options) =>
        hostPrograms(folder)
          .run(argv, options)
          .finally(() => left.push(...readdirSync(options.directory))),
    };
    const options = {
      pool,
      programs,
      patience: [['Acquire::Retries', '0']],
      signal,
      onProgress: () => undefined,
    } as const;
    await expect(fetchPackages([rope], options)).rejects.toThrow('Remote end closed connection');
    expect(left).toEqual([`${rope.sha256}.deb`]);
    expect(readdirSync(pool)).toEqual([]);
  });

  test('throws away what a killed one had begun', async () => {
    const mirror = await openMirror({ 'rope.deb': [gives(contentOf('rope'))] });
    const rope = packageAt(mirror, 'rope');
    const pool = newPool();
    mkdirSync(join(pool, 'partial'), { recursive: true });
    writeFileSync(join(pool, 'partial', `${rope.sha256}.deb`), 'half a packa');
    await fetch([rope], pool);
    expect(readdirSync(pool)).toEqual([`${rope.sha256}.deb`]);
    expect(readFileSync(fileIn(pool, rope), 'utf8')).toBe(contentOf('rope'));
  });

  test('when it is stopped, that is told; what was complete stays, and nothing half', async () => {
    const abort = new AbortController();
    const reason = new Error('interrupted');
    const [rope, sail] = atNoMirror('rope', 'sail');
    const programs: Programs = {
      run: async (_, { directory }) => {
        writeFileSync(join(directory, `${rope?.sha256}.deb`), 'half a packa');
        writeFileSync(join(directory, `${sail?.sha256}.deb`), contentOf('sail'));
        abort.abort(reason);
        throw reason;
      },
    };
    const pool = newPool();
    const options = { pool, programs, patience: PATIENCE, signal: abort.signal, onProgress: () => undefined };
    await expect(fetchPackages([rope, sail] as ResolvedPackage[], options)).rejects.toBe(reason);
    expect(readdirSync(pool)).toEqual([`${sail?.sha256}.deb`]);
  });
});

describe('makeRepository', () => {
  const repositoryOf = (pool: string, own: ResolvedPackage[]) => ({
    pool,
    manifest: manifestOf(),
    packages: own,
    readControls: (all: readonly ResolvedPackage[]) =>
      Promise.resolve(Object.fromEntries(all.map(each => [each.sha256, `Package: ${each.name}`]))),
  });
  const packages = atNoMirror('rope', 'anchor', 'sail');
  const [rope, anchor, sail] = packages as [ResolvedPackage, ResolvedPackage, ResolvedPackage];
  const newRepository = (): string => join(folder, `repository-${count++}`);

  test('links into the pool, with an index and its digest', async () => {
    const pool = poolOf(...packages);
    const repository = newRepository();
    await makeRepository(repository, repositoryOf(pool, [rope, anchor]));
    expect(readdirSync(repository).toSorted()).toEqual(
      ['Packages', 'Release', `${rope.sha256}.deb`, `${anchor.sha256}.deb`].toSorted(),
    );
    expect(statSync(fileIn(repository, rope)).ino).toBe(statSync(fileIn(pool, rope)).ino);
    const index = readFileSync(join(repository, 'Packages'));
    expect(index.toString()).toContain(`Filename: ./${anchor.sha256}.deb`);
    expect(readFileSync(join(repository, 'Release'), 'utf8')).toContain(
      ` ${createHash('sha256').update(index).digest('hex')} ${index.length} Packages\n`,
    );
  });

  test('copies from a pool in another file system', async () => {
    const pool = join(elsewhere, 'pool');
    mkdirSync(pool);
    writeFileSync(fileIn(pool, rope), contentOf('rope'));
    const repository = newRepository();
    await makeRepository(repository, repositoryOf(pool, [rope]));
    expect(statSync(fileIn(repository, rope)).dev).not.toBe(statSync(fileIn(pool, rope)).dev);
    expect(readFileSync(fileIn(repository, rope), 'utf8')).toBe(contentOf('rope'));
  });

  test('what it links is of use today, however old the mirror says it is', async () => {
    const pool = poolOf(...packages);
    for (const each of packages) utimesSync(fileIn(pool, each), 1000, 1000);
    await makeRepository(newRepository(), repositoryOf(pool, [rope]));
    expect(statSync(fileIn(pool, rope)).mtimeMs).toBeGreaterThan(1_000_000);
    expect(statSync(fileIn(pool, sail)).mtimeMs).toBe(1_000_000);
  });

  test('a package that the pool lacks', async () => {
    await expect(makeRepository(newRepository(), repositoryOf(newPool(), packages))).rejects.toThrow('ENOENT');
  });
});

test('pooled: the packages, and nothing that is only on its way there', async () => {
  const packages = atNoMirror('rope', 'anchor');
  const pool = poolOf(...packages);
  mkdirSync(join(pool, 'partial'));
  writeFileSync(join(pool, '.lock'), '');
  expect(await pooled(pool)).toEqual(packages.map(each => `${each.sha256}.deb`).toSorted());
  expect(await pooled(newPool())).toEqual([]);
});
