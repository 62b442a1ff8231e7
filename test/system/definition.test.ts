/** A definition of one's own, in a project of one's own: wiring, the command stage, every file system, twice the same. */
import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { caisson, inTree, PROJECT } from '../support/caisson.ts';
import type { BuildRecord } from './set-up.ts';

const { own, tools, scratch } = inject('builds');
const folder = path.join(scratch, 'kiosk');
const first = path.join(folder, 'first');
const second = path.join(folder, 'a second place');

beforeAll(async () => {
  for (const place of [first, second]) await cp(path.join(PROJECT, 'test/fixtures/kiosk'), place, { recursive: true });
  // The first one's tools are Caisson's own, as those of any project without that manifest.
  await cp(path.join(PROJECT, 'rootfs-manifests/tools.yaml'), path.join(second, 'rootfs-manifests/tools.yaml'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe("a definition of one's own", () => {
  it('builds in a project of its own', async () => {
    const result = await buildKiosk(first, 'cache-1');
    expect(result.stderr).toBe('');
    expect(result.exitCode).toBe(0);
    expect((await record(first)).stages.every(each => !each.cached)).toBe(true);
  });

  it('gives the same bytes in each step from another folder and an empty store', async () => {
    await buildKiosk(second, 'cache-2');
    const [a, b] = await Promise.all([record(first), record(second)]);
    expect(b.stages.map(each => [each.id, each.key, each.sha256])).toEqual(
      a.stages.map(each => [each.id, each.key, each.sha256]),
    );
    expect(b.stages.every(each => !each.cached)).toBe(true);
  });

  it('has what the command stage added in every file system made from it', async () => {
    await partition(first, 'menu-of-booth', 'menu.img');
    await partition(first, 'depot-of-booth', 'depot.img');
    expect(await inTree(tools, folder, ['unsquashfs', '-cat', '/mnt/work/menu.img', 'srv/menu/stamp.txt'])).toBe(
      'fresh bread',
    );
    expect(await inTree(tools, folder, ['debugfs', '-R', 'cat /srv/menu/stamp.txt', '/mnt/work/depot.img'])).toBe(
      'fresh bread',
    );
  });

  it('has the file that was taken out of a tree on its FAT partition', async () => {
    await partition(first, 'entry-of-booth', 'entry.img');
    expect(await inTree(tools, folder, ['mtype', '-i', '/mnt/work/entry.img', '::/CARDS/TODAY.TXT'])).toBe('soup, pie');
  });

  it('builds again only what a change reaches', async () => {
    await writeFile(
      path.join(first, 'scripts/stamp.sh'),
      `${await readFile(path.join(first, 'scripts/stamp.sh'), 'utf8')}# changed\n`,
    );
    await buildKiosk(first, 'cache-1');
    const built = (await record(first)).stages.filter(each => !each.cached).map(each => each.id);
    expect(built.sort()).toEqual(['box', 'depot-ext', 'menu-squash', 'raw', 'stamped', 'table']);
  });

  it('is wired anew in the YAML alone', async () => {
    const file = path.join(first, 'pipeline/kiosk.yaml');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace(
        'inputs: { tree: stamped }, options: { content: menu',
        'inputs: { tree: pages }, options: { content: menu',
      ),
    );
    expect((await buildKiosk(first, 'cache-1')).exitCode).toBe(0);
    await partition(first, 'menu-of-booth', 'menu.img');
    const listing = await inTree(tools, folder, ['unsquashfs', '-l', '/mnt/work/menu.img']);
    expect(listing).toContain('srv/menu/today.txt');
    expect(listing).not.toContain('stamp.txt');
  });
});

describe('content that does not fit', () => {
  it('fails with both sizes and leaves the old file', async () => {
    const before = await readFile(path.join(first, 'out/kiosk/kiosk.vhdx'));
    await writeFile(path.join(first, 'overlays/site/srv/menu/large'), Buffer.alloc(10 << 20, 1));
    const file = path.join(first, 'pipeline/kiosk.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('path: /srv/menu/today.txt', 'path: /srv/menu/large'));
    const { exitCode, stderr } = await buildKiosk(first, 'cache-1');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/takes 10 MiB.*has 9 MiB.*1 MiB too much/s);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect((await readFile(path.join(first, 'out/kiosk/kiosk.vhdx'))).equals(before)).toBe(true);
  });
});

describe('a budget', () => {
  it('that is crossed fails the build at its place, of files that stand there and of new ones', async () => {
    const definition = path.join(second, 'pipeline/kiosk.yaml');
    const out = path.join(second, 'out/kiosk');
    await appendFile(definition, 'budgets: { root: "1 MiB", image: "5 MiB", listening: 0 }\n');
    const again = await buildKiosk(second, 'cache-2');
    await rm(path.join(out, 'kiosk.vhdx'));
    const anew = await buildKiosk(second, 'cache-2');
    for (const { exitCode, stderr } of [again, anew]) {
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        /crosses a budget\n +pipeline\/kiosk\.yaml:\d+:34: budgets\.image: the image has .* MiB, allowed: 5 MiB \(kiosk\.vhdx\)\n/,
      );
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    expect((await readdir(out)).filter(each => /vhdx|build|report/.test(each))).toEqual([]);
  });
});

async function buildKiosk(project: string, cache: string): ReturnType<typeof caisson> {
  const place = path.join(folder, cache);
  // The tools tree and what it is made of are shared; the store is not.
  await mkdir(place, { recursive: true });
  for (const name of ['pool', 'resolutions', 'trees'])
    await symlink(path.join(own.cache, name), path.join(place, name)).catch(() => undefined);
  return caisson(['build', 'kiosk', '--format', 'vhdx,raw', '--plain'], { cwd: project, cache: place });
}

async function record(project: string): Promise<BuildRecord> {
  return JSON.parse(await readFile(path.join(project, 'out/kiosk/build.json'), 'utf8')) as BuildRecord;
}

async function partition(project: string, name: string, target: string): Promise<void> {
  const found = (await record(project)).partitions.find(each => each.name === name);
  if (found === undefined) throw new Error(`no partition ${name}`);
  const raw = await readFile(path.join(project, 'out/kiosk/kiosk.raw'));
  await writeFile(path.join(folder, target), raw.subarray(found.start, found.start + found.size));
}
