/** `caisson dev --no-boot` on a real project: edits, faults, other documents, and an end at any moment. */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { DifferentBlocks } from '../../pipeline/formats/difference/blocks.ts';
import type { Difference } from '../../pipeline/formats/difference.ts';
import { CLI } from '../support/caisson.ts';
import { skiff, type Running, type Skiff } from '../support/skiff.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'dev');

interface Said {
  type?: string;
  files?: { path: string; what: string }[];
  partitions?: DifferentBlocks[];
  difference?: Difference;
  faults?: { file: string; line: number; message: string }[];
  task?: { id: string };
  built?: number;
}

let boat: Skiff;
let session: Running;
let said: Said[];

beforeAll(async () => {
  boat = await skiff(folder, own.cache);
  session = boat.start('dev', 'skiff', '--no-boot');
  said = follow(session);
  await until(({ type }) => type === 'watching', 0);
});
afterAll(async () => {
  session.kill('SIGKILL');
  await session;
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(boat.project, name);

/** All that it says, as it comes. */
function follow(child: Running): Said[] {
  const all: Said[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    all.push(...lines.map(line => JSON.parse(line) as Said));
  });
  return all;
}

/** The first that fits, of those from index `from` on; rejects when the session ends without it. */
async function until(wanted: (each: Said) => boolean, from: number): Promise<Said> {
  for (;;) {
    const found = said.slice(from).find(wanted);
    if (found !== undefined) return found;
    const { exitCode, stderr } = await Promise.race([session, delay(20, { exitCode: null, stderr: '' })]);
    if (exitCode !== null) throw new Error(`ended with ${exitCode}: ${stderr}`);
  }
}

/** Changes something, and waits until there is nothing more to do. */
async function edit(change: () => Promise<void>): Promise<Said[]> {
  const from = said.length;
  await change();
  await until(({ type }) => type === 'edited', from);
  await until(({ type }) => type === 'watching', from);
  return said.slice(from);
}

const one = (all: readonly Said[], type: string): Said => all.find(each => each.type === type) ?? {};

it('a file of an overlay tree: builds what hangs on it, and tells what changed', async () => {
  const before = await boat.record();
  const all = await edit(async () => writeFile(at('overlays/crew/srv/greeting'), 'ahoy, all of you\n'));
  expect(one(all, 'edited').files).toEqual([{ path: 'overlays/crew/srv/greeting', what: 'changed' }]);
  expect(one(all, 'built').built).toBeLessThan(before.stages.length);
  const { partitions = [], difference } = one(all, 'differs');
  expect(difference?.image?.files.changed.map(each => each.path)).toEqual(['/srv/greeting']);
  expect(partitions.map(each => each.partition)).toEqual(expect.arrayContaining(['Sail', 'Hull']));
  expect(partitions.find(each => each.partition === 'Hull')?.bytes).toBeGreaterThan(0);
  // As `build` would have made it, in the same place.
  const { stdout } = await boat.run('build', 'skiff', '--json');
  expect(stdout).toContain('"built":0');
});

it('what an editor leaves for a moment is neither an edit nor in the image; what it renames into place is one', async () => {
  const all = await edit(async () => {
    await writeFile(at('overlays/crew/srv/.greeting.swp'), 'vim');
    await writeFile(at('greeting.tmp'), 'ahoy again\n');
    await rename(at('greeting.tmp'), at('overlays/crew/srv/greeting'));
  });
  expect(one(all, 'edited').files).toEqual([{ path: 'overlays/crew/srv/greeting', what: 'changed' }]);
  expect(one(all, 'differs').difference?.image?.files).toMatchObject({ added: [], removed: [] });
});

it('a fault is shown with its place, and what mends it is seen, though it was never there before', async () => {
  const definition = await readFile(at('pipeline/skiff.yaml'), 'utf8');
  const faulty = await edit(async () =>
    writeFile(at('pipeline/skiff.yaml'), definition.replace('layout: skiff', 'layout: dinghy')),
  );
  expect(faulty.find(each => each.faults !== undefined)?.faults).toEqual([
    expect.objectContaining({ file: 'pipeline/skiff.yaml', line: 4, message: expect.stringContaining('dinghy') }),
  ]);
  const layout = await readFile(at('layouts/skiff.yaml'), 'utf8');
  const mended = await edit(async () =>
    writeFile(
      at('layouts/dinghy.yaml'),
      layout.replace('name: Hold, content: hold, size: "12 MiB"', 'name: Hold, content: hold, size: "13 MiB"'),
    ),
  );
  expect(one(mended, 'edited').files).toEqual([{ path: 'layouts/dinghy.yaml', what: 'new' }]);
  const hold = one(mended, 'differs').partitions?.find(each => each.partition === 'Hold');
  expect([hold?.old, hold?.new].map(each => (each?.end ?? 0) - (each?.start ?? 0))).toEqual([
    12 * 2 ** 20,
    13 * 2 ** 20,
  ]);
});

it('what is not part of the image any more is of no interest', async () => {
  const from = said.length;
  await cp(at('layouts/dinghy.yaml'), at('layouts/skiff.yaml'));
  await mkdir(at('overlays/stowaway'), { recursive: true });
  const all = await edit(async () =>
    writeFile(at('scripts/paint.sh'), '#!/bin/sh\ntar --version >&2\n', { flag: 'a' }),
  );
  expect(one(all, 'edited').files).toEqual([{ path: 'scripts/paint.sh', what: 'changed' }]);
  expect(said.slice(from).filter(({ type }) => type === 'edited')).toHaveLength(1);
});

it('an edit during a build ends it, and the next one has the newer file', async () => {
  const from = said.length;
  await writeFile(at('overlays/crew/srv/greeting'), 'too early\n');
  await until(({ type, task }) => type === 'started' && task?.id === 'painted', from);
  await writeFile(at('overlays/crew/srv/greeting'), 'in time\n');
  await until(({ type }) => type === 'watching', from);
  expect(said.slice(from).filter(({ type }) => type === 'built')).toHaveLength(1);
  expect((await boat.run('cat', 'skiff', 'Hull:/srv/greeting')).stdout).toBe('in time');
});

it('ends in the middle of a build at a signal, and leaves nothing', async () => {
  const from = said.length;
  await writeFile(at('overlays/crew/srv/greeting'), 'so long\n');
  await until(({ type, task }) => type === 'started' && task?.id === 'painted', from);
  session.kill('SIGINT');
  const { exitCode, stderr } = await session;
  expect([exitCode, stderr]).toEqual([130, '{"error":"interrupted; nothing half done was left behind"}']);
  expect(await readdir(path.join(boat.cache, 'scratch'))).toEqual([]);
  expect((await readdir(at('out/skiff'))).filter(name => name.startsWith('.'))).toEqual([]);
});

it('--once: one build, compared with what stood there, and its exit code', async () => {
  const { exitCode, stdout } = await boat.run('dev', 'skiff', '--no-boot', '--once');
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^~ {2}\/srv\/greeting +content/m)]);
  await writeFile(at('pipeline/skiff.yaml'), 'nothing: at all\n');
  expect(await boat.run('dev', 'skiff', '--no-boot', '--once')).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining('pipeline/skiff.yaml:1:1'),
  });
});

it('in a terminal r builds and q ends, with single keys', async () => {
  const command = `'${process.execPath}' '${CLI}' dev kayak --no-boot`;
  const child = execa('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: boat.project,
    env: { CAISSON_CACHE: boat.cache },
    reject: false,
  });
  const keys = ['r', 'q'];
  child.stdout.on('data', (text: Buffer) => {
    if (text.toString().includes('watching')) child.stdin.write(keys.shift() ?? '');
  });
  const { exitCode, stdout } = await child;
  expect([exitCode, stdout.match(/no image "kayak"/g)?.length]).toEqual([0, 2]);
});
