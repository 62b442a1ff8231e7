import { fileURLToPath } from 'node:url';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheFolders } from '../../pipeline/engine/environment.ts';
import { BuildFault } from '../../pipeline/engine/fault.ts';
import { ensureFetched, ensureResolution, type PackageOptions } from '../../pipeline/engine/packages.ts';
import type { Programs } from '../../pipeline/engine/programs.ts';
import type { Resolution } from '../../pipeline/engine/resolve.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import type { Event } from '../../pipeline/report/events.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { manifestOf } from '../stages/documents.ts';
import { aptThatHas } from './fake-apt.ts';
import { gate } from './gate.ts';
import { contentOf, gives, hostPrograms, openMirror, packageAt } from './mirror.ts';
import { sha256, stepsOf, workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;
const cargo = manifestOf({ keyring: fileURLToPath(import.meta.url) });

interface Fixture extends PackageOptions {
  events: Event[];
  pool: string;
}

function fixture(own: Partial<PackageOptions> = {}): Fixture {
  const shop = workshop(join(folder, `${count++}`));
  const { pool } = cacheFolders(shop.environment.cache);
  return { ...shop, update: false, offline: false, lock: null, mirrors: [], pool, ...own };
}
const faultOf = async (running: Promise<unknown>): Promise<BuildFault> => {
  const error: unknown = await running.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BuildFault)) throw new Error(`expected a BuildFault, got ${String(error)}`);
  return error;
};

describe('ensureResolution', () => {
  test('asks once, then takes what is recorded', async () => {
    const options = fixture();
    const apt = aptThatHas(['rope', 'anchor']);
    const first = await ensureResolution(cargo, apt, options);
    expect(first.packages.map(each => each.name)).toEqual(['anchor', 'rope']);
    expect(options.events).toEqual([
      {
        type: 'started',
        task: { id: 'resolve cargo', summary: 'which packages rootfs-manifests/cargo.yaml means today' },
      },
      { type: 'finished', id: 'resolve cargo', seconds: expect.any(Number) as number, detail: '2 packages' },
    ]);
    expect(await ensureResolution(cargo, aptThatHas(['krakne']), options)).toEqual(first);
    expect(options.events).toHaveLength(2);
  });

  test('asks anew for an update', async () => {
    const options = fixture();
    await ensureResolution(cargo, aptThatHas(['rope']), options);
    const updated = await ensureResolution(cargo, aptThatHas(['rope'], '3.2'), { ...options, update: true });
    expect(updated.packages.map(each => each.version)).toEqual(['3.2']);
    expect(await ensureResolution(cargo, aptThatHas([]), options)).toEqual(updated);
  });

  test('offline takes what is recorded, or says that nothing is', async () => {
    const options = fixture();
    const offline = { ...options, offline: true };
    const apt = aptThatHas(['rope']);
    expect(await faultOf(ensureResolution(cargo, apt, offline))).toMatchObject({
      message: 'which packages rootfs-manifests/cargo.yaml means was never asked, or it was changed since',
      hint: 'build once without --offline',
    });
    expect(apt.asked).toEqual([]);
    const known = await ensureResolution(cargo, apt, options);
    expect(await ensureResolution(cargo, aptThatHas([]), offline)).toEqual(known);
    await faultOf(ensureResolution({ ...cargo, packages: ['sail'] }, apt, offline));
  });

  test('two at once ask once; the other waits, says so, and gets the same', async () => {
    const [a, b] = [fixture(), fixture()];
    const waits = gate();
    const apt = aptThatHas(['rope']);
    const slow: Programs = {
      run: async (...args) => {
        await waits.opened;
        return apt.run(...args);
      },
    };
    const both = [a, b].map(each =>
      ensureResolution(cargo, slow, {
        ...each,
        environment: a.environment,
        emit: event => {
          each.events.push(event);
          if (event.type === 'waiting') waits.open();
        },
      }),
    );
    const [first, second] = await Promise.all(both);
    expect(first).toEqual(second);
    expect(apt.asked.filter(each => each === 'update')).toHaveLength(1);
    expect([...stepsOf(a, 'waiting'), ...stepsOf(b, 'waiting')]).toEqual(['resolve cargo']);
    for (const each of [a, b]) expect(stepsOf(each, 'finished')).toEqual(['resolve cargo']);
  });
});

describe('ensureFetched', () => {
  const at = (mirror: { url: string }, ...names: string[]): Resolution => ({
    manifest: 'cargo',
    question: 'q',
    digest: 'r',
    sources: [],
    locked: null,
    packages: names.map(name => packageAt(mirror, name)),
  });
  const nowhere = { url: 'http://mirror.example' };
  const none: Programs = { run: () => Promise.reject(new Error('nothing is to be fetched')) };
  function putIn({ pool }: Fixture, { packages }: Resolution): void {
    mkdirSync(pool, { recursive: true });
    for (const each of packages) writeFileSync(join(pool, `${each.sha256}.deb`), contentOf(each.name));
  }

  test('brings what is missing, and tells how much that was', async () => {
    const options = fixture();
    const mirror = await openMirror({ 'rope.deb': [gives(contentOf('rope'))], 'sail.deb': [gives(contentOf('sail'))] });
    const resolution = at(mirror, 'rope', 'anchor', 'sail');
    putIn(options, at(mirror, 'anchor'));
    await ensureFetched(resolution, hostPrograms(folder), options);
    expect(readdirSync(options.pool).filter(name => name.endsWith('.deb'))).toHaveLength(3);
    expect(mirror.asked.map(each => each.name)).toEqual(['rope.deb', 'sail.deb']);
    expect(options.events).toEqual([
      { type: 'started', task: { id: 'fetch cargo', summary: 'packages of cargo that are not in the pool' } },
      { type: 'progress', id: 'fetch cargo', fraction: 0.5, detail: '1 of 2 packages' },
      { type: 'progress', id: 'fetch cargo', fraction: 1, detail: '2 of 2 packages' },
      { type: 'finished', id: 'fetch cargo', seconds: expect.any(Number) as number, detail: '2 packages, 0 MB' },
    ]);
    expect(existsSync(join(options.pool, '.lock'))).toBe(false);
  });

  test('does nothing when nothing is missing, also offline', async () => {
    const options = fixture({ offline: true });
    const resolution = at(nowhere, 'rope', 'anchor');
    putIn(options, resolution);
    await ensureFetched(resolution, none, options);
    expect(options.events).toEqual([]);
  });

  test('a damaged one is told of, and fetched again', async () => {
    const options = fixture();
    const mirror = await openMirror({ 'rope.deb': [gives(contentOf('rope'))] });
    const resolution = at(mirror, 'rope');
    const file = join(options.pool, `${sha256(contentOf('rope'))}.deb`);
    putIn(options, resolution);
    writeFileSync(file, 'worm-eaten');
    await ensureFetched(resolution, hostPrograms(folder), options);
    expect(readFileSync(file, 'utf8')).toBe(contentOf('rope'));
    expect(options.events[0]).toEqual({
      type: 'warning',
      message: `rope 3.1 in the pool is damaged: ${sha256(contentOf('rope'))}.deb has another digest than its name says`,
      hint: 'it is fetched again',
    });
  });

  test('offline, what is missing or damaged is named, and nothing is asked for', async () => {
    const options = fixture({ offline: true });
    const resolution = at(nowhere, 'rope', 'anchor');
    putIn(options, resolution);
    writeFileSync(join(options.pool, `${sha256(contentOf('anchor'))}.deb`), 'worm-eaten');
    expect(await faultOf(ensureFetched(resolution, none, options))).toMatchObject({
      message: 'packages of rootfs-manifests/cargo.yaml are not in the pool: anchor 3.1',
      hint: 'build once without --offline, or bring the pool of another machine',
    });
    const many = at(nowhere, ...Array.from({ length: 8 }, (_, index) => `plank${index}`));
    expect((await faultOf(ensureFetched(many, none, options))).message).toMatch(
      /: plank0 3\.1, plank1 3\.1, plank2 3\.1, plank3 3\.1, plank4 3\.1 and 3 more$/,
    );
    expect(stepsOf(options, 'started')).toEqual([]);
  });

  test('two at once fetch once; the other waits, says so, and has nothing left to do', async () => {
    const [a, b] = [fixture(), fixture()];
    const waits = gate();
    const mirror = await openMirror({
      'rope.deb': [response => void waits.opened.then(() => response.end(contentOf('rope')))],
    });
    const resolution = at(mirror, 'rope');
    await Promise.all(
      [a, b].map(each =>
        ensureFetched(resolution, hostPrograms(folder), {
          ...each,
          environment: a.environment,
          emit: event => {
            each.events.push(event);
            if (event.type === 'waiting') waits.open();
          },
        }),
      ),
    );
    expect(mirror.asked).toHaveLength(1);
    expect([...stepsOf(a, 'waiting'), ...stepsOf(b, 'waiting')]).toEqual(['fetch cargo']);
    const details = [a, b].flatMap(({ events }) =>
      events.flatMap(event => (event.type === 'finished' ? [event.detail] : [])),
    );
    expect(details.toSorted()).toEqual(['0 packages, 0 MB', '1 packages, 0 MB']);
  });

  test('on a full disk that is said', async () => {
    const options = fixture();
    const full: Programs = {
      run: (_, { signal }) =>
        runProcess(['dd', 'if=/dev/zero', 'of=/dev/full'], { env: { PATH: '/usr/bin:/bin' }, signal }),
    };
    const fault = await faultOf(ensureFetched(at(nowhere, 'rope'), full, options));
    expect(fault.message).toMatch(/^the disk is full: fetch cargo needs up to /);
    expect(stepsOf(options, 'failed')).toEqual(['fetch cargo']);
  });
});
