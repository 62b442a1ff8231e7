import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheFolders } from '../../pipeline/engine/environment.ts';
import type { PackageOptions } from '../../pipeline/engine/packages.ts';
import type { Programs } from '../../pipeline/engine/programs.ts';
import { resolutionOf } from '../plan/fixture.ts';
import { damagedFiles, ensureTree } from '../../pipeline/engine/trees.ts';
import type { Event } from '../../pipeline/report/events.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { manifestOf } from '../stages/documents.ts';
import { dpkgTree, putDpkgSandbox } from './dpkg-tree.ts';
import { gate } from './gate.ts';
import { contentOf, packageAt } from './mirror.ts';
import { putDpkg, putProgram, stepsOf, workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;

describe('ensureTree', () => {
  const chest = manifestOf({ name: 'chest' });
  const packages = ['rope', 'sail'].map(name => packageAt({ url: 'http://mirror.example' }, name));
  const resolution = resolutionOf('chest', packages);
  const none: Programs = { run: () => Promise.reject(new Error('nothing is to be fetched')) };

  interface Fixture extends PackageOptions {
    events: Event[];
  }

  /** Its packages are in the pool; its mmdebstrap makes a small tree of what the repository holds. */
  function fixture(own: Partial<PackageOptions> = {}): Fixture {
    const shop = workshop(join(folder, `${count++}`));
    const { pool } = cacheFolders(shop.environment.cache);
    mkdirSync(pool, { recursive: true });
    for (const each of packages) writeFileSync(join(pool, `${each.sha256}.deb`), contentOf(each.name));
    putMmdebstrap(shop, '');
    return { ...shop, update: false, offline: true, lock: null, mirrors: [], ...own };
  }

  function putMmdebstrap(shop: Pick<PackageOptions, 'environment'>, before: string): void {
    putDpkg(
      shop,
      packages,
      `while [ "$1" != --bind ]; do shift; done; cd "$2" || exit 9; ${before}
mkdir -p made/usr made/dev made/etc; cat repository/*.deb >made/usr/debs; : >made/dev/null; echo x >made/etc/hosts
echo "Setting up rope (3.1) ..."; echo "Setting up sail (3.1) ..."
tar --create --file=tree.tar --directory=made .; rm -r made`,
    );
  }
  const treesOf = ({ environment }: Fixture): string[] => {
    const { trees } = cacheFolders(environment.cache);
    return existsSync(trees) ? readdirSync(trees) : [];
  };
  const scratchOf = ({ environment }: Fixture): string[] => readdirSync(cacheFolders(environment.cache).scratch);

  test('makes what the manifest means, with places for what is mounted over it', async () => {
    const options = fixture();
    const tree = await ensureTree(chest, resolution, none, options);
    expect(basename(tree)).toMatch(/^chest-[0-9a-f]{16}$/);
    expect(readFileSync(join(tree, 'usr/debs'), 'utf8')).toBe(
      packages
        .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
        .map(each => contentOf(each.name))
        .join(''),
    );
    expect(readdirSync(join(tree, 'dev'))).toEqual([]);
    for (const name of ['etc/hosts', 'etc/resolv.conf']) expect(readFileSync(join(tree, name), 'utf8')).toBe('');
    expect(treesOf(options)).toEqual([basename(tree)]);
    expect(scratchOf(options)).toEqual([]);
    expect(options.events).toEqual([
      { type: 'started', task: { id: 'tree chest', summary: 'programs of rootfs-manifests/chest.yaml' } },
      { type: 'progress', id: 'tree chest', fraction: 0.5, detail: 'rope (3.1)' },
      { type: 'progress', id: 'tree chest', fraction: 1, detail: 'sail (3.1)' },
      { type: 'finished', id: 'tree chest', seconds: expect.any(Number) as number, detail: '2 packages' },
    ]);
  });

  test('takes the one that is there, which is of use again', async () => {
    const options = fixture();
    const tree = await ensureTree(chest, resolution, none, options);
    utimesSync(tree, 1000, 1000);
    options.events.length = 0;
    putMmdebstrap(options, 'exit 9');
    expect(await ensureTree({ ...chest, file: '/elsewhere/chest.yaml' }, resolution, none, options)).toBe(tree);
    expect(options.events).toEqual([]);
    expect(statSync(tree).mtimeMs).toBeGreaterThan(1_000_000);
  });

  test('other packages or another manifest make another', async () => {
    const options = fixture();
    await ensureTree(chest, resolution, none, options);
    await ensureTree(chest, { ...resolution, digest: 's' }, none, options);
    await ensureTree({ ...chest, exclude: ['/usr/share/man/*'] }, resolution, none, options);
    expect(treesOf(options)).toHaveLength(3);
  });

  test('two at once make it once; the other waits and says so', async () => {
    const [a, b] = [fixture(), fixture()];
    const waits = gate();
    const started = join(folder, 'started');
    const go = join(folder, 'go');
    putMmdebstrap(a, `echo once >>'${started}'; while [ ! -e '${go}' ]; do sleep 0.02; done;`);
    void waits.opened.then(() => writeFileSync(go, ''));
    const both = [a, b].map(each =>
      ensureTree(chest, resolution, none, {
        ...each,
        environment: a.environment,
        emit: event => {
          each.events.push(event);
          if (event.type === 'waiting') waits.open();
        },
      }),
    );
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    expect(readFileSync(started, 'utf8')).toBe('once\n');
    expect([...stepsOf(a, 'waiting'), ...stepsOf(b, 'waiting')]).toEqual(['tree chest']);
    expect(scratchOf(a)).toEqual([]);
  });

  test('a failure leaves neither a tree nor scratch', async () => {
    const options = fixture();
    putMmdebstrap(options, 'echo why; exit 9;');
    await expect(ensureTree(chest, resolution, none, options)).rejects.toMatchObject({
      name: 'ProcessFailure',
      exitCode: 9,
    });
    expect(treesOf(options)).toEqual([]);
    expect(scratchOf(options)).toEqual([]);
    expect(stepsOf(options, 'failed')).toEqual(['tree chest']);
  });

  test('a full memory, into which it is unpacked, is told in one line', async () => {
    const options = fixture();
    putMmdebstrap(options, 'echo "tar: write error: No space left on device"; exit 2;');
    await expect(ensureTree(chest, resolution, none, options)).rejects.toMatchObject({
      name: 'BuildFault',
      message: expect.stringMatching(/^the memory is full: tree chest unpacks up to /) as string,
    });
    expect(scratchOf(options)).toEqual([]);
  });

  test('packages that the pool lacks are asked for first; offline that ends it', async () => {
    const options = fixture();
    rmSync(cacheFolders(options.environment.cache).pool, { recursive: true });
    await expect(ensureTree(chest, resolution, none, options)).rejects.toThrow(
      'are not in the pool: rope 3.1, sail 3.1',
    );
    expect(treesOf(options)).toEqual([]);
  });
});

describe('damagedFiles', () => {
  function treeOf(): { tree: string; look: () => Promise<string[]>; putBwrap: (script: string) => void } {
    const shop = workshop(join(folder, `${count++}`));
    const tree = join(shop.environment.cache, 'trees/chest-0123456789abcdef');
    dpkgTree(tree);
    putDpkgSandbox(shop);
    return { tree, look: () => damagedFiles(tree, shop), putBwrap: script => putProgram(shop, 'bwrap', script) };
  }

  test('none in a tree as its packages brought it', async () => expect(await treeOf().look()).toEqual([]));

  test('programs and libraries that changed or are gone', async () => {
    const { tree, look } = treeOf();
    writeFileSync(join(tree, 'usr/bin/rope'), 'A program');
    rmSync(join(tree, 'usr/sbin/winch'));
    writeFileSync(join(tree, 'usr/lib/x86_64-linux-gnu/libhemp.so.1'), '');
    writeFileSync(join(tree, 'usr/lib/rope/knots.conf'), 'knots=8');
    expect((await look()).toSorted()).toEqual([
      '/usr/bin/rope',
      '/usr/lib/rope/knots.conf',
      '/usr/lib/x86_64-linux-gnu/libhemp.so.1',
      '/usr/sbin/winch',
    ]);
  });

  test('texts that were left out, and settings in /etc, are not looked at', async () => {
    const { tree, look } = treeOf();
    rmSync(join(tree, 'usr/share/doc'), { recursive: true });
    writeFileSync(join(tree, 'etc/rope.conf'), 'knots=8');
    expect(await look()).toEqual([]);
  });

  test.each([
    ['no shell', 'echo "bwrap: execvp sh: No such file or directory" >&2; exit 1'],
    ['no folders', `echo "bwrap: Can't mkdir /newroot/mnt: Read-only file system" >&2; exit 1`],
    ['no libraries', 'echo "sh: error while loading shared libraries: libc.so.6" >&2; exit 127'],
  ])('a tree with %s is damaged', async (_, script) => {
    const { look, putBwrap } = treeOf();
    putBwrap(script);
    expect(await look()).toEqual(['/usr/bin/dpkg']);
  });

  test.each([
    ['refuses', 'echo "bwrap: No permissions to create new namespace, likely because the kernel" >&2; exit 1'],
    ['refuses identities of', 'echo "bwrap: setting up uid map: Permission denied" >&2; exit 1'],
    ['ends', 'kill -KILL $$'],
  ])('a machine that %s the sandbox says nothing of the tree', async (_, script) => {
    const { look, putBwrap } = treeOf();
    putBwrap(script);
    await expect(look()).rejects.toMatchObject({ name: 'ProcessFailure' });
  });
});
