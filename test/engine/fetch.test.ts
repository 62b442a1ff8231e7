import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Patience } from '../../pipeline/debian/apt.ts';
import type { ResolvedPackage } from '../../pipeline/debian/stanza.ts';
import { explain, runFetch, withoutPassword } from '../../pipeline/engine/fetch.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import {
  contentOf,
  cutsOff,
  gives,
  hangs,
  hostPrograms,
  openMirror,
  packageAt,
  refuses,
  type Mirror,
} from './mirror.ts';
import { sha256 } from './steps.ts';

const folder = scratchDirectory();
let count = 0;
const programs = hostPrograms(folder);
const { signal } = new AbortController();

/** Two more tries, at once. */
const PATIENCE: Patience = [
  ['Acquire::Retries', '2'],
  ['Acquire::Retries::Delay', 'false'],
];
/** One try, of so many seconds. */
const oneTry = (seconds: number): Patience => [
  ['Acquire::Retries', '0'],
  ['Acquire::http::Timeout', String(seconds)],
];

interface Fetched {
  /** null, or the fault. */
  result: unknown;
  directory: string;
  progress: [number, string][];
}

async function fetch(packages: readonly ResolvedPackage[], patience = PATIENCE): Promise<Fetched> {
  const directory = join(folder, `${count++}`);
  mkdirSync(directory);
  const progress: [number, string][] = [];
  const onProgress = (fraction: number, detail: string): void => void progress.push([fraction, detail]);
  const failed = await runFetch(packages, { directory, programs, patience, signal, onProgress });
  const result = failed === null ? null : explain(failed, packages);
  return { result, directory, progress };
}
const right = (name: string) => ({ [`${name}.deb`]: [gives(contentOf(name))] });
const namesAsked = ({ asked }: Mirror): string[] => asked.map(each => each.name);

describe('packages that are there', () => {
  test('come, each under its digest, and are counted', async () => {
    const mirror = await openMirror({ ...right('rope'), ...right('sail') });
    const packages = ['rope', 'sail'].map(name => packageAt(mirror, name));
    const { result, directory, progress } = await fetch(packages);
    expect(result).toBeNull();
    for (const { name, sha256: digest } of packages)
      expect(readFileSync(join(directory, `${digest}.deb`), 'utf8')).toBe(contentOf(name));
    expect(progress).toEqual([
      [0.5, '1 of 2 packages'],
      [1, '2 of 2 packages'],
    ]);
  });

  test.each([
    ['the connection is cut', cutsOff],
    ['the mirror is busy', refuses(503)],
  ])('come though at first %s', async (_, answer) => {
    const mirror = await openMirror({ 'rope.deb': [answer, answer, gives(contentOf('rope'))] });
    const rope = packageAt(mirror, 'rope');
    const { result, directory, progress } = await fetch([rope]);
    expect(result).toBeNull();
    expect(mirror.asked).toHaveLength(3);
    expect(readFileSync(join(directory, `${rope.sha256}.deb`), 'utf8')).toBe(contentOf('rope'));
    expect(progress.filter(([, detail]) => detail === `trying again: ${rope.uri}`)).toHaveLength(2);
  });

  test('come though a cache on the way had another: it is asked to be left out', async () => {
    const mirror = await openMirror({ 'rope.deb': [gives('stale'), gives(contentOf('rope'))], ...right('sail') });
    const [rope, sail] = [packageAt(mirror, 'rope'), packageAt(mirror, 'sail')];
    const { result, directory } = await fetch([rope, sail]);
    expect(result).toBeNull();
    expect(readFileSync(join(directory, `${rope.sha256}.deb`), 'utf8')).toBe(contentOf('rope'));
    expect(mirror.asked.map(each => [each.name, each.cacheControl])).toEqual([
      ['rope.deb', ''],
      ['sail.deb', ''],
      ['rope.deb', 'no-cache'],
    ]);
  });

  test('come by their address as it is written', async () => {
    const mirror = await openMirror({ 'rope%2b%2b.deb': [gives(contentOf('rope++'))] });
    const rope = { ...packageAt(mirror, 'rope++'), uri: `${mirror.url}/rope%2b%2b.deb` };
    expect((await fetch([rope])).result).toBeNull();
    expect((await fetch([{ ...rope, uri: `${mirror.url}/sail%2b.deb` }])).result).toMatchObject({
      message: expect.stringContaining(`is no longer at ${mirror.url}/sail%2b.deb`) as string,
    });
  });
});

describe('a package that does not come is one fault', () => {
  test('gone from the mirror', async () => {
    const mirror = await openMirror({});
    const rope = packageAt(mirror, 'rope');
    const { result } = await fetch([rope]);
    expect(result).toMatchObject({
      name: 'BuildFault',
      message: `rope 3.1 (SHA-256 ${rope.sha256}) is no longer at ${mirror.url}/rope.deb`,
      hint: 'the mirror has a newer one: build with --update',
    });
    expect(mirror.asked).toHaveLength(1);
  });

  test('another content, twice: both digests', async () => {
    const mirror = await openMirror({ 'rope.deb': [gives('forged')] });
    const rope = packageAt(mirror, 'rope');
    const { result } = await fetch([rope]);
    expect(result).toMatchObject({
      name: 'BuildFault',
      message: `rope 3.1: ${mirror.url}/rope.deb has SHA-256 ${sha256('forged')}, the mirror's index says ${rope.sha256}`,
      hint: expect.stringContaining('try another mirror, or --update') as string,
    });
    expect(mirror.asked.map(each => each.cacheControl)).toEqual(['', 'no-cache']);
  });

  test('a mirror that is busy for ever', async () => {
    const mirror = await openMirror({ 'rope.deb': [refuses(503)] });
    const rope = packageAt(mirror, 'rope');
    const { result } = await fetch([rope]);
    expect(result).toMatchObject({
      name: 'BuildFault',
      message: `rope 3.1 (SHA-256 ${rope.sha256}) could not be fetched from ${rope.uri}: 503  Service Unavailable`,
      hint: expect.stringContaining('is the mirror in the manifest reachable?') as string,
    });
    expect(mirror.asked).toHaveLength(3);
  });

  test('a connection that is always cut', async () => {
    const mirror = await openMirror({ 'rope.deb': [cutsOff] });
    const rope = packageAt(mirror, 'rope');
    const { result } = await fetch([rope]);
    expect((result as Error).message).toBe(
      `rope 3.1 (SHA-256 ${rope.sha256}) could not be fetched from ${rope.uri}: Error reading from server. Remote end closed connection`,
    );
  });

  test('nobody listens there: no other package is asked for', async () => {
    // The discard service: no test machine has it.
    const packages = ['rope', 'sail', 'mast'].map(name => packageAt({ url: 'http://127.0.0.1:9' }, name));
    const { result } = await fetch(packages, oneTry(9));
    expect(result).toMatchObject({
      name: 'BuildFault',
      message: expect.stringMatching(
        /^rope 3\.1 \(SHA-256 [0-9a-f]{64}\) could not be fetched from http:\/\/127\.0\.0\.1:9\/rope\.deb: Could not connect/,
      ) as string,
    });
  });

  test('several: the first is named, the others are counted, and what is there comes', async () => {
    const mirror = await openMirror({ ...right('rope'), 'sail.deb': [gives('forged')], 'mast.deb': [refuses(503)] });
    const packages = ['anchor', 'rope', 'sail', 'mast'].map(name => packageAt(mirror, name));
    const { result, directory } = await fetch(packages);
    expect((result as Error).message).toMatch(/^sail 3\.1: .* \(so did 2 more\)$/);
    expect(readFileSync(join(directory, `${packages[1]?.sha256}.deb`), 'utf8')).toBe(contentOf('rope'));
    // Only what a cache may have spoiled is asked for again.
    expect(mirror.asked.filter(each => each.cacheControl === 'no-cache').map(each => each.name)).toEqual(['sail.deb']);
  });

  test('wrong at first, but what else failed is not forgotten', async () => {
    const mirror = await openMirror({ 'sail.deb': [gives('stale'), gives(contentOf('sail'))] });
    const { result } = await fetch(['sail', 'anchor'].map(name => packageAt(mirror, name)));
    expect((result as Error).message).toMatch(/^anchor 3\.1 \(SHA-256 [0-9a-f]+\) is no longer at \S+$/);
  });
});

describe('a mirror that takes questions and says nothing', () => {
  test('is not asked for every other package too', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `plank-${index}`);
    const mirror = await openMirror(Object.fromEntries(names.map(name => [`${name}.deb`, [hangs]])));
    const packages = names.map(name => packageAt(mirror, name));
    const { result } = await fetch(packages, oneTry(1));
    expect(result).toMatchObject({
      name: 'BuildFault',
      message: expect.stringMatching(
        /^plank-0 3\.1 .* could not be fetched from \S+\/plank-0\.deb: Connection failed/,
      ) as string,
    });
    // The next ones may have been asked for before the first was given up.
    expect(new Set(namesAsked(mirror)).size).toBeLessThan(6);
  });

  test('costs nothing that other packages of the batch have brought', async () => {
    const mirror = await openMirror({ ...right('rope'), 'sail.deb': [hangs] });
    const [rope, sail] = [packageAt(mirror, 'rope'), packageAt(mirror, 'sail')];
    const { result, directory } = await fetch([rope, sail], oneTry(2));
    expect((result as Error).message).toMatch(/^sail 3\.1 .* could not be fetched/);
    expect(readFileSync(join(directory, `${rope.sha256}.deb`), 'utf8')).toBe(contentOf('rope'));
  });
});

describe('a password in the address', () => {
  const withPassword = (mirror: Mirror, name: string): ResolvedPackage => {
    const found = packageAt(mirror, name);
    return { ...found, uri: found.uri.replace('http://', 'http://mate:s3cret@') };
  };

  test.each([
    ['gone', refuses(404)],
    ['wrong', gives('forged')],
    ['busy', refuses(503)],
  ])('is sent to the mirror and told to nobody: %s', async (_, answer) => {
    const mirror = await openMirror({ 'rope.deb': [answer] });
    const { result, progress } = await fetch([withPassword(mirror, 'rope')]);
    expect(mirror.asked[0]?.authorization).toBe(`Basic ${Buffer.from('mate:s3cret').toString('base64')}`);
    expect(result).toMatchObject({
      name: 'BuildFault',
      message: expect.stringContaining(`${mirror.url}/rope.deb`) as string,
    });
    expect(JSON.stringify([result, (result as Error).message, progress])).not.toContain('s3cret');
  });
});

test('stopped by its user, it throws the reason', async () => {
  const mirror = await openMirror({ 'rope.deb': [hangs] });
  const abort = new AbortController();
  const reason = new Error('interrupted');
  const directory = join(folder, 'stopped');
  mkdirSync(directory);
  const running = runFetch([packageAt(mirror, 'rope')], {
    directory,
    programs,
    patience: [['Acquire::http::Timeout', '60']],
    signal: abort.signal,
    onProgress: () => undefined,
  });
  await expect.poll(() => mirror.asked.length, { timeout: 10_000 }).toBeGreaterThan(0);
  abort.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(readdirSync(directory).filter(name => name.endsWith('.deb'))).toEqual([]);
});

test('nothing of a password is left in a text, whatever signs are in it', () =>
  expect(withoutPassword('Ign:3 http://mate:oar@9@mirror.example/a b https://x@y:1/c@d http://z/e')).toBe(
    'Ign:3 http://mirror.example/a b https://y:1/c@d http://z/e',
  ));
