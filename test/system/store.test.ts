/** The store through everything that can happen to a build: killed, damaged, two at once, deleted, a full disk. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { asRoot, caisson } from '../support/caisson.ts';
import { digests, event, shareTools, skiff, type Skiff } from '../support/skiff.ts';
import type { BuildRecord } from './set-up.ts';

const { own, scratch } = inject('builds');
const folder = path.join(scratch, 'store');
/** As many as the steps of the skiff, twice and more; `make prove-all` asks for more. */
const KILLS = Number(process.env.CAISSON_KILLS ?? 34);
const SEED = 2026;

let boat: Skiff;
let reference: BuildRecord;

beforeAll(async () => {
  boat = await skiff(folder, own.cache);
  await boat.run('build', 'skiff');
  reference = await boat.record();
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Builds until it is done, and checks that every step came out as the first time. */
async function same(...args: string[]): Promise<BuildRecord> {
  const result = await boat.run('build', 'skiff', '--plain', ...args);
  expect(result).toMatchObject({ exitCode: 0 });
  const record = await boat.record();
  expect(digests(record)).toEqual(digests(reference));
  return record;
}

/** Takes a step and all that is made from it out of the store, and the container out of the output folder. */
async function forget(id: string): Promise<void> {
  const { stdout } = await boat.run('plan', 'skiff', '--json');
  const { steps } = JSON.parse(stdout) as { steps: { id: string; key: string; inputs: Record<string, string> }[] };
  const gone = new Set([id]);
  for (const step of steps) if (Object.values(step.inputs).some(each => gone.has(each))) gone.add(step.id);
  for (const step of steps)
    if (gone.has(step.id)) await rm(path.join(boat.cache, 'store', step.key), { recursive: true, force: true });
  await rm(path.join(boat.project, 'out'), { recursive: true, force: true });
}

const artifact = (id: string): string => {
  const { key } = reference.stages.find(each => each.id === id) ?? { key: '' };
  return path.join(boat.cache, 'store', key, 'artifact');
};

describe('the first build', () => {
  it('says nothing to worry about', async () => {
    expect(await boat.run('build', 'skiff', '--plain')).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('kill -9', () => {
  const fractions = seeded(SEED);
  it(
    `at ${KILLS} seeded moments of every step leaves a store that builds the same`,
    { timeout: 1_200_000 },
    async () => {
      for (let round = 0; round < KILLS; round++) {
        const step = reference.stages[round % reference.stages.length];
        if (step === undefined) throw new Error('no step');
        await forget(step.id);
        const child = boat.start('build', 'skiff', '--jobs', String(1 + (round % 3)));
        const begun = await event(child, each => each.type === 'started' && each.task?.id === step.id);
        expect(begun, `round ${round}: ${step.id} began`).not.toBeNull();
        // A little beyond its end: digest, sync and rename are moments too.
        await setTimeout(fractions() * 1300 * step.seconds);
        child.kill('SIGKILL');
        await child;
        await same();
      }
      // Nothing of the killed ones is left, in the store or beside it.
      expect(await readdir(path.join(boat.project, 'out/skiff'))).toEqual(['build.json', 'report.html', 'skiff.vhdx']);
      expect(await readdir(path.join(boat.cache, 'scratch'))).toEqual([]);
      expect(await boat.run('cache', 'verify', '--plain')).toMatchObject({ exitCode: 0 });
    },
  );
});

describe('a damaged entry', () => {
  it.each<[string, (file: string) => Promise<void>]>([
    ['one flipped bit', async file => flip(file, Math.floor((await stat(file)).size / 2))],
    ['the end cut off', async file => truncate(file, (await stat(file)).size - 7)],
    ['nothing left of it', async file => rm(file)],
    ['a damaged record', async file => flip(path.join(path.dirname(file), 'entry.json'), 40)],
  ])('with %s is told of and made again', async (_, spoil) => {
    await spoil(artifact('painted'));
    const { stderr, stdout } = await boat.run('build', 'skiff', '--plain');
    expect(stderr).toMatch(/painted in the store is damaged: /);
    expect(stdout).toMatch(/1 step built, 15 reused/);
    await same();
  });

  it('that nobody would have read is noticed by its digest when a step needs it', async () => {
    await forget('hull');
    // As a disk does it: other bytes, and no sign of a change in the inode.
    await rotten(artifact('painted'));
    const { stderr } = await boat.run('build', 'skiff', '--plain');
    expect(stderr).toMatch(/painted in the store is damaged: .* has SHA-256 \w{64} instead of \w{64}/);
    await same();
  });

  it('is found by cache verify, which removes it', async () => {
    await flip(artifact('hold'), 5000);
    const { exitCode, stdout } = await boat.run('cache', 'verify');
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^damaged: skiff\/hold/m) as string,
    });
    expect((await boat.run('cache', 'verify')).exitCode).toBe(0);
    await same();
  });
});

describe('two builds at once', () => {
  it('of one definition build no step twice', async () => {
    await rm(path.join(boat.cache, 'store'), { recursive: true });
    const children = ['out', 'out', 'out-2'].map(out => boat.start('build', 'skiff', '--out', out, '--jobs', '2'));
    const results = await Promise.all(children);
    expect(results.map(each => each.exitCode)).toEqual([0, 0, 0]);
    const built = results.flatMap(each =>
      each.stdout.split('\n').flatMap(line => {
        const { type, id } = JSON.parse(line) as { type: string; id?: string };
        return type === 'finished' && reference.stages.some(step => step.id === id) ? [id] : [];
      }),
    );
    const byName = (a = '', b = ''): number => (a < b ? -1 : 1);
    const others = reference.stages.map(each => each.id).filter(id => id !== 'boat');
    expect(built.filter(id => id !== 'boat').toSorted(byName)).toEqual(others.toSorted(byName));
    // The container is a file of each output folder. The two that share one wait for each other; the second writes it
    // anew when the third has written another meanwhile, because an entry knows its latest file alone.
    const written = built.filter(id => id === 'boat').length;
    expect([2, 3]).toContain(written);
    expect(digests(await boat.record('out-2'))).toEqual(digests(reference));
    await same();
  });

  it('of two definitions share what they have in common', async () => {
    await rm(path.join(boat.cache, 'store'), { recursive: true });
    const [a, b] = await Promise.all([
      boat.start('build', 'skiff', '--jobs', '2'),
      boat.start('build', 'skiff', '--set', 'version=0.4', '--out', 'other', '--jobs', '2'),
    ]);
    expect([a.exitCode, b.exitCode]).toEqual([0, 0]);
    const [one, two] = [await boat.record(), await boat.record('other')];
    const common = one.stages.filter(each => two.stages.some(other => other.key === each.key)).map(each => each.id);
    expect(common).toContain('rigging');
    for (const id of common)
      expect([one, two].filter(record => record.stages.some(each => each.id === id && !each.cached)).length, id).toBe(
        1,
      );
    expect(digests(one)).toEqual(digests(reference));
  });
});

describe('deleting the store', () => {
  it('changes nothing in the result', async () => {
    await rm(path.join(boat.cache, 'store'), { recursive: true });
    expect((await same()).stages.every(each => !each.cached)).toBe(true);
  });
});

describe('a full disk', () => {
  const small = path.join(folder, 'small');
  const mount = async (size: string, remount = false): Promise<void> => {
    const options = `${remount ? 'remount,' : ''}size=${size},mode=0777`;
    const [program, ...args] = [...asRoot(), 'mount', '-t', 'tmpfs', '-o', options, 'tmpfs', small];
    await execa(program, args);
  };
  beforeAll(async () => {
    await mkdir(small, { recursive: true });
    await mount('1m');
  });
  afterAll(async () => {
    const [program, ...args] = [...asRoot(), 'umount', '--lazy', small];
    await execa(program, args, { reject: false });
  });

  it('is one error that names the room needed; with more room the build goes on', async () => {
    const place = { ...boat, cache: path.join(small, 'cache') };
    await shareTools(place.cache, own.cache);
    const failed = new Set<string>();
    for (const size of ['1m', '5m', '21m', '34m', '50m', '66m']) {
      await mount(size, true);
      const { exitCode, stderr } = await build(place.cache);
      expect({ size, exitCode }).toEqual({ size, exitCode: 1 });
      expect(stderr).toMatch(
        /^error: the disk is full: \S+ needs up to [\d.]+ [KMG]iB; [\d.]+ (B|[KM]iB) of [\d.]+ MiB are free in \S+\n {4}hint: .*\n?$/,
      );
      failed.add(/full: (\S+)/.exec(stderr)?.[1] ?? '');
      expect(await readdir(path.join(place.cache, 'scratch'))).toEqual([]);
    }
    // Not always at the same place.
    expect(failed.size).toBeGreaterThan(2);
    await mount('400m', true);
    expect(await build(place.cache)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(digests(await boat.record('small-out'))).toEqual(digests(reference));
  });

  it('of the output folder too, and nothing half made is left there', async () => {
    await rm(path.join(small, 'cache'), { recursive: true, force: true });
    await mount('10m', true);
    const out = path.join(small, 'out');
    const { exitCode, stderr } = await boat.run('build', 'skiff', '--plain', '--out', out);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /^error: the disk is full: boat needs up to .* free in \S*small\/out\S*\n.*--out/,
      ) as string,
    });
    expect(await readdir(path.join(out, 'skiff'))).toEqual([]);
  });

  const build = async (cache: string) =>
    caisson(['build', 'skiff', '--plain', '--out', 'small-out'], { cwd: boat.project, cache });
});

async function flip(file: string, offset: number): Promise<void> {
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  await handle.write(byte, 0, 1, offset);
  await handle.close();
}

/** Flips a bit of an artifact and makes its record believe that the file was not touched since. */
async function rotten(file: string): Promise<void> {
  await flip(file, 1000);
  const { size, ctimeNs } = await stat(file, { bigint: true });
  const record = path.join(path.dirname(file), 'entry.json');
  const { entry } = JSON.parse(await readFile(record, 'utf8')) as { entry: unknown };
  const sealed = { entry, state: `${size} bytes, changed ${ctimeNs}` };
  const seal = createHash('sha256').update(JSON.stringify(sealed)).digest('hex');
  await writeFile(record, JSON.stringify({ seal, ...sealed }));
}

/** Numbers in [0, 1), the same for the same seed: a linear congruential generator. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
