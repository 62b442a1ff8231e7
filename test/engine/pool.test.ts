import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fetchPackages, makeRepository } from '../../pipeline/engine/pool.ts';
import type { Programs } from '../../pipeline/engine/programs.ts';
import { ProcessFailure, runProcess } from '../../pipeline/engine/run.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { packageOf } from '../plan/fixture.ts';
import { manifestOf } from '../stages/documents.ts';

const folder = scratchDirectory();
let count = 0;
const { signal } = new AbortController();
const wanted = [packageOf('rope'), packageOf('anchor'), packageOf('sail')];

/** apt-helper that "fetches" the first `most` files, then fails with `error`. */
function helper(most = 99, error: Error | null = null): Programs & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    run: async (argv, { directory, onLine }) => {
      const triplets = argv.slice(argv.indexOf('download-file') + 1);
      for (let index = 0; index < triplets.length; index += 3) {
        const [uri = '', place = '', digest = ''] = triplets.slice(index);
        asked.push(`${uri} ${digest}`);
        if (index / 3 >= most) continue;
        writeFileSync(join(directory, place.replace('/mnt/work/', '')), uri);
        onLine?.(`Get:${index} ${uri}`);
      }
      if (error !== null) throw error;
      return '';
    },
  };
}

const fetch = async (programs: Programs, pool: string): Promise<{ result: unknown; progress: [number, string][] }> => {
  const progress: [number, string][] = [];
  const result = await fetchPackages(wanted, { pool, programs, signal, onProgress: (...row) => progress.push(row) });
  return { result, progress };
};
const newPool = (): string => join(folder, `pool-${count++}`);
const failure = async (lines: string): Promise<ProcessFailure> =>
  runProcess(['sh', '-c', 'printf "%s\\n" "$1"; exit 100', 'sh', lines], {
    env: { PATH: '/usr/bin:/bin' },
    signal,
  }).then(
    () => {
      throw new Error('it ended well');
    },
    (error: unknown) => error as ProcessFailure,
  );

describe('fetchPackages', () => {
  test('brings each into the pool by its digest, which apt checks', async () => {
    const pool = newPool();
    const programs = helper();
    const { result, progress } = await fetch(programs, pool);
    expect(result).toEqual({ fetched: 3, bytes: 33 });
    expect(readdirSync(pool)).toEqual(['anchor 3.1.deb', 'rope 3.1.deb', 'sail 3.1.deb']);
    expect(programs.asked).toContain('http://mirror.example/rope.deb SHA256:rope 3.1');
    expect(progress.map(([fraction, detail]) => [Math.round(fraction * 3), detail])).toEqual([
      [1, '1 of 3 packages'],
      [2, '2 of 3 packages'],
      [3, '3 of 3 packages'],
    ]);
  });

  test('asks only for what is missing, and for nothing when nothing is', async () => {
    const pool = newPool();
    mkdirSync(pool);
    writeFileSync(join(pool, 'rope 3.1.deb'), 'here');
    const programs = helper();
    expect((await fetch(programs, pool)).result).toEqual({ fetched: 2, bytes: 22 });
    expect(programs.asked).toHaveLength(2);
    expect(readFileSync(join(pool, 'rope 3.1.deb'), 'utf8')).toBe('here');
    const idle = helper();
    expect((await fetch(idle, pool)).result).toEqual({ fetched: 0, bytes: 0 });
    expect(idle.asked).toEqual([]);
  });

  test.each([
    [
      'a mirror that does not answer',
      'Err:1 http://mirror.example/sail.deb\nE: Could not connect',
      { name: 'BuildFault', message: 'packages could not be fetched: Err:1 http://mirror.example/sail.deb' },
    ],
    [
      'a package that is gone',
      'Err:1 http://mirror.example/sail.deb\n  404  Not Found [IP: 9.9.9.9 80]\nE: Failed',
      {
        name: 'BuildFault',
        message: 'sail 3.1 (SHA-256 sail 3.1) is no longer at http://mirror.example/sail.deb',
        hint: 'the mirror has a newer one: build with --update',
      },
    ],
  ])('%s leaves no half file behind', async (_, lines, fault) => {
    const pool = newPool();
    await expect(fetch(helper(2, await failure(lines)), pool)).rejects.toMatchObject(fault);
    expect(readdirSync(pool).filter(name => !name.endsWith('.deb'))).toEqual([]);
    expect(readdirSync(pool)).not.toContain('sail 3.1.deb');
  });

  test('when it is stopped, that is told and nothing else', async () => {
    const reason = new Error('interrupted');
    const pool = newPool();
    await expect(fetch(helper(1, reason), pool)).rejects.toBe(reason);
    expect(readdirSync(pool).filter(name => !name.endsWith('.deb'))).toEqual([]);
  });
});

describe('makeRepository', () => {
  test('links into the pool, with an index and its digest', async () => {
    const pool = newPool();
    await fetch(helper(), pool);
    const repository = join(folder, `repository-${count++}`);
    await makeRepository(repository, pool, manifestOf(), wanted.slice(0, 2));
    expect(readdirSync(repository)).toEqual(['Packages', 'Release', 'anchor 3.1.deb', 'rope 3.1.deb']);
    expect(statSync(join(repository, 'rope 3.1.deb')).ino).toBe(statSync(join(pool, 'rope 3.1.deb')).ino);
    const index = readFileSync(join(repository, 'Packages'));
    expect(index.toString()).toContain('Filename: ./anchor 3.1.deb');
    expect(readFileSync(join(repository, 'Release'), 'utf8')).toContain(
      ` ${createHash('sha256').update(index).digest('hex')} ${index.length} Packages\n`,
    );
  });

  test('what it links is of use today, however old the mirror says it is', async () => {
    const pool = newPool();
    await fetch(helper(), pool);
    for (const name of readdirSync(pool)) utimesSync(join(pool, name), 1000, 1000);
    await makeRepository(join(folder, `repository-${count++}`), pool, manifestOf(), wanted.slice(0, 1));
    expect(statSync(join(pool, 'rope 3.1.deb')).mtimeMs).toBeGreaterThan(1_000_000);
    expect(statSync(join(pool, 'sail 3.1.deb')).mtimeMs).toBe(1_000_000);
  });

  test('a package that the pool lacks', async () => {
    await expect(
      makeRepository(join(folder, `repository-${count++}`), newPool(), manifestOf(), wanted),
    ).rejects.toThrow('ENOENT');
  });
});
