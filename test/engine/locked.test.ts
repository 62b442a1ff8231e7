import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lockQuestion, type Lock } from '../../pipeline/config/lock.ts';
import { cacheFolders } from '../../pipeline/engine/environment.ts';
import { BuildFault } from '../../pipeline/engine/fault.ts';
import { lockedResolution, pathBelow, uriBelow } from '../../pipeline/engine/locked.ts';
import { ensureFetched, ensureResolution, type PackageOptions } from '../../pipeline/engine/packages.ts';
import type { Programs } from '../../pipeline/engine/programs.ts';
import type { Resolution } from '../../pipeline/engine/resolve.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { manifestOf } from '../stages/documents.ts';
import { aptThatHas } from './fake-apt.ts';
import { contentOf, gives, hostPrograms, openMirror, refuses } from './mirror.ts';
import { workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const none: Programs = { run: () => Promise.reject(new Error('nothing is to be asked')) };
const NAMES = ['anchor', 'rope'];

interface Fixture extends PackageOptions {
  pool: string;
  events: unknown[];
}

function fixture(own: Partial<PackageOptions> = {}): Fixture {
  const shop = workshop(join(folder, `${count++}`));
  const { pool } = cacheFolders(shop.environment.cache);
  mkdirSync(pool, { recursive: true });
  return { ...shop, update: false, offline: false, lock: null, mirrors: [], pool, ...own };
}

const pathOf = (name: string): string => `pool/${name}.deb`;

/** Of a manifest whose mirrors are these. */
function locked(urls: readonly string[] = ['http://mirror.example/debian/']) {
  const manifest = manifestOf({
    keyring: fileURLToPath(import.meta.url),
    mirrors: urls.map(url => ({ url, suites: ['sid'] })),
  });
  const lock: Lock = {
    image: 'galleon',
    file: '/host/rootfs-manifests/galleon.lock.yaml',
    manifests: {
      [manifest.name]: {
        architecture: 'amd64',
        suite: manifest.suite,
        question: lockQuestion(manifest),
        asks: manifest.packages,
        sources: [],
        packages: NAMES.map(name => ({
          name,
          version: '3.1',
          architecture: 'amd64',
          path: pathOf(name),
          bytes: contentOf(name).length,
          sha256: sha256(contentOf(name)),
        })),
      },
    },
  };
  return { manifest, lock };
}

async function resolutionOf(options: PackageOptions, urls?: readonly string[]): Promise<Resolution> {
  const { manifest, lock } = locked(urls);
  return ensureResolution(manifest, none, { ...options, lock });
}

/** A mirror in a folder. */
function mirrorFolder(files: Readonly<Record<string, string>>): string {
  const root = join(folder, `mirror-${count++}`);
  mkdirSync(root);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}
const both = Object.fromEntries(NAMES.map(name => [pathOf(name), contentOf(name)]));
const pooled = ({ pool }: Fixture): number => readdirSync(pool).filter(name => name.endsWith('.deb')).length;

async function faultOf(running: Promise<unknown>): Promise<BuildFault> {
  const error: unknown = await running.catch((reason: unknown) => reason);
  if (!(error instanceof BuildFault)) throw new Error(`expected a BuildFault, got ${String(error)}`);
  return error;
}

describe('a resolution of a lock', () => {
  test('asks nobody, and is what apt said: the same digest', async () => {
    const options = fixture();
    const { manifest, lock } = locked();
    const asked = await ensureResolution(manifest, aptThatHas(NAMES), options);
    for (const each of lock.manifests[manifest.name]?.packages ?? [])
      each.sha256 = asked.packages.find(({ name }) => name === each.name)?.sha256 ?? '';
    const answered = await ensureResolution(manifest, none, { ...options, lock, update: false });
    expect(answered.digest).toBe(asked.digest);
    expect(answered.packages[0]).toMatchObject({ uri: 'http://mirror.example/debian/pool/anchor.deb' });
    // What apt told of these packages is known.
    expect(answered.packages.map(each => each.stanza)).toEqual(asked.packages.map(each => each.stanza));
    expect(options.events).toHaveLength(2);
  });

  test('null for a manifest that the lock lacks, however it is called', async () => {
    const { lock } = locked();
    expect(await lockedResolution(lock, manifestOf({ name: 'constructor' }), fixture().environment)).toBeNull();
  });
});

test.each([
  ['http://m.example/debian', 'pool/g/g++_1~2_amd64.deb', 'http://m.example/debian/pool/g/g%2b%2b_1~2_amd64.deb'],
  ['http://m.example/debian/', 'a.deb', 'http://m.example/debian/a.deb'],
  ['http://mate:s3cret@m.example/x%20y', 'pool/a.deb', 'http://mate:s3cret@m.example/x%20y/pool/a.deb'],
  // An escape that is no UTF-8.
  ['http://m.example/%ff', 'pool/a+b.deb', 'http://m.example/%ff/pool/a%2bb.deb'],
])('%s and %s are %s, and back', (mirror, path, uri) => {
  expect(uriBelow(mirror, path)).toBe(uri);
  expect(pathBelow(['http://m.example', mirror], uri)).toBe(path);
});

describe('packages of a lock', () => {
  test('one that a mirror lost comes from the next', async () => {
    const options = fixture();
    const first = await openMirror({ [pathOf('rope')]: [gives(contentOf('rope'))] });
    const second = await openMirror({ [pathOf('anchor')]: [gives(contentOf('anchor'))] });
    await ensureFetched(await resolutionOf(options, [first.url, second.url]), hostPrograms(folder), options);
    expect(pooled(options)).toBe(2);
    expect(second.asked.map(each => each.name)).toEqual([pathOf('anchor')]);
  });

  test('a folder is asked before any mirror, and is enough offline', async () => {
    const options = fixture({ offline: true, mirrors: [mirrorFolder(both)] });
    await ensureFetched(await resolutionOf(options), none, options);
    expect(pooled(options)).toBe(2);
  });

  test('what is in the pool is asked of nobody', async () => {
    const options = fixture({ offline: true });
    for (const name of NAMES) writeFileSync(join(options.pool, `${sha256(contentOf(name))}.deb`), contentOf(name));
    await ensureFetched(await resolutionOf(options), none, options);
  });

  test('each one that is nowhere is named, and where it was looked for', async () => {
    const mirror = await openMirror({});
    const place = mirrorFolder({});
    const options = fixture({ mirrors: [place] });
    const fault = await faultOf(
      ensureFetched(await resolutionOf(options, [mirror.url]), hostPrograms(folder), options),
    );
    expect(fault.message).toBe(
      `2 packages of /host/rootfs-manifests/galleon.lock.yaml cannot be had:\n${NAMES.map(
        name => `  ${name} 3.1 (SHA-256 ${sha256(contentOf(name))})`,
      ).join('\n')}\n  looked in: the pool, ${place}, ${mirror.url}`,
    );
  });

  test('a mirror that refuses is told of', async () => {
    const options = fixture();
    const mirror = await openMirror(Object.fromEntries(NAMES.map(name => [pathOf(name), [refuses(403)]])));
    const fault = await faultOf(
      ensureFetched(await resolutionOf(options, [mirror.url]), hostPrograms(folder), options),
    );
    expect(fault.message).toContain(`\n  ${mirror.url}: 403`);
  });

  test('one that was altered in a folder fails with its name and both digests', async () => {
    const place = mirrorFolder({ ...both, [pathOf('rope')]: 'worm-eaten' });
    const options = fixture({ mirrors: [place] });
    const fault = await faultOf(ensureFetched(await resolutionOf(options), none, options));
    expect(fault.message).toBe(
      `rope 3.1: ${place}/pool/rope.deb has SHA-256 ${sha256('worm-eaten')}, the lock file says ${sha256(contentOf('rope'))}`,
    );
  });

  test('so does one that a mirror altered', async () => {
    const options = fixture();
    const mirror = await openMirror({
      [pathOf('anchor')]: [gives(contentOf('anchor'))],
      [pathOf('rope')]: [gives('worm-eaten')],
    });
    const fault = await faultOf(
      ensureFetched(await resolutionOf(options, [mirror.url]), hostPrograms(folder), options),
    );
    expect(fault.message).toMatch(/^rope 3\.1: http:\S+ has SHA-256 [0-9a-f]{64}, the lock file says [0-9a-f]{64}$/);
  });

  test('a link out of a folder is not followed', async () => {
    const place = mirrorFolder({ [pathOf('anchor')]: contentOf('anchor') });
    symlinkSync(join(mirrorFolder(both), pathOf('rope')), join(place, pathOf('rope')));
    const options = fixture({ mirrors: [place] });
    const fault = await faultOf(ensureFetched(await resolutionOf(options), none, options));
    expect(fault.message).toContain('rope.deb is no regular file of its own below');
  });
});
