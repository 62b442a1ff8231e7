import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stepContext } from '../../pipeline/engine/context.ts';
import type { Artifact, BuildContext } from '../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { packageOf, resolutionOf } from '../plan/fixture.ts';
import { manifestOf } from '../stages/documents.ts';
import { planOf, putDpkg, putProgram, workshop, type FakeStep, type Workshop } from './steps.ts';

const folder = scratchDirectory();
let count = 0;
const hull: Artifact = {
  id: 'hull',
  key: 'k',
  sha256: 'd',
  bytes: 4,
  path: '/store/hull/artifact',
  facts: {},
  inputs: {},
};

async function contextOf(
  own: Partial<FakeStep> = {},
  options: Partial<Workshop> = {},
): Promise<{ context: BuildContext; shop: Workshop; scratch: string }> {
  const shop = workshop(join(folder, `${count++}`), options);
  mkdirSync(shop.out, { recursive: true });
  const scratch = join(shop.environment.cache, 'scratch/build-1');
  const plan = planOf([{ id: 'deck', inputs: { under: 'hull' }, ...own }]);
  const [step] = plan.steps;
  if (step === undefined) throw new Error('no step');
  putProgram(shop, 'bwrap', String.raw`printf '%s\n' "$@"`);
  const inputs = { under: hull };
  return { context: await stepContext(plan, step, { inputs, options: { ...shop, scratch } }), shop, scratch };
}

describe('the places of a step', () => {
  test('whose artifact stays in the store', async () => {
    const { context, scratch } = await contextOf();
    expect(context).toMatchObject({
      work: join(scratch, 'deck'),
      out: join(scratch, 'deck/artifact'),
      box: {
        work: '/mnt/work',
        out: '/mnt/work/artifact',
        inputs: { under: '/mnt/inputs/under' },
        repository: '/mnt/work/repository',
      },
      epoch: 1_444_444_444,
      inputs: { under: hull },
      packages: null,
    });
    expect(readdirSync(context.work)).toEqual([]);
  });

  test('that publishes: made in the output folder, under a name that shows it is not whole', async () => {
    const { context, shop } = await contextOf({ publishes: 'deck.raw' });
    expect(dirname(context.out)).toBe(shop.out);
    expect(basename(context.out)).toBe('.deck.raw.part');
    expect(context.box.out).toBe(`/mnt/out/${basename(context.out)}`);
  });

  test('its folder and its log are empty, whatever was there', async () => {
    const { scratch, shop } = await contextOf();
    const log = join(shop.environment.cache, 'logs/galleon/deck.log');
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, 'old');
    writeFileSync(join(scratch, 'deck/old'), 'old');
    const plan = planOf([{ id: 'deck' }]);
    await stepContext(plan, plan.steps[0] as (typeof plan.steps)[number], {
      inputs: {},
      options: { ...shop, scratch },
    });
    expect(readdirSync(join(scratch, 'deck'))).toEqual([]);
    expect(existsSync(log)).toBe(false);
  });

  test('the packages of a step with a manifest: a repository of exactly those', async () => {
    const shop = workshop(join(folder, `${count++}`));
    const packages = [packageOf('rope'), packageOf('anchor')];
    mkdirSync(join(shop.environment.cache, 'pool'), { recursive: true });
    for (const each of [...packages, packageOf('ballast')])
      writeFileSync(join(shop.environment.cache, 'pool', `${each.sha256}.deb`), each.name);
    putDpkg(shop, packages);
    const resolution = resolutionOf('cargo', packages);
    const plan = planOf([{ id: 'parts' }]);
    const [step] = plan.steps;
    if (step === undefined) throw new Error('no step');
    const scratch = join(shop.environment.cache, 'scratch');
    const context = await stepContext(
      plan,
      { ...step, sources: manifestOf() },
      { inputs: {}, options: { ...shop, scratch, resolutions: { cargo: resolution } } },
    );
    expect(context.packages).toEqual({ repository: join(scratch, 'parts/repository'), list: packages });
    expect(readdirSync(join(scratch, 'parts/repository')).toSorted()).toEqual([
      'Packages',
      'Release',
      'anchor 3.1.deb',
      'rope 3.1.deb',
    ]);
  });
});

describe('run', () => {
  const argv = async (context: BuildContext, options: Parameters<BuildContext['run']>[2] = {}): Promise<string[]> =>
    (await context.run('mkfs.kelp', ['-q', 'a b'], options)).split('\n');

  test('a program of the tools tree, without network, with the step’s places', async () => {
    const { context, shop } = await contextOf({ publishes: 'deck.raw' });
    const made = await argv(context);
    expect(made.slice(-3)).toEqual(['mkfs.kelp', '-q', 'a b']);
    expect(made.join(' ')).toContain('--unshare-net');
    expect(made.join(' ')).toContain(
      `--bind ${context.work} /mnt/work --bind ${shop.out} /mnt/out --ro-bind /store/hull/artifact /mnt/inputs/under --chdir /mnt/work`,
    );
    expect(made.join(' ')).toContain('--ro-bind /trees/chest /');
  });

  test('in a fixed environment: nothing of the caller’s, the epoch of the image, and what the stage adds', async () => {
    const { context } = await contextOf();
    const made = await argv(context, { env: { FAKE_TIME: '7', TZ: 'Mars' } });
    const set = Object.fromEntries(
      made.flatMap((each, index) => (each === '--setenv' ? [[made[index + 1], made[index + 2]]] : [])),
    );
    expect(made).toContain('--clearenv');
    expect(set).toEqual({
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/tmp',
      LC_ALL: 'C.UTF-8',
      TZ: 'Mars',
      SOURCE_DATE_EPOCH: '1444444444',
      DEBIAN_FRONTEND: 'noninteractive',
      FAKE_TIME: '7',
    });
  });

  test('stdin from a file, stdout to one, lines as they come, all in the log', async () => {
    const { context, shop } = await contextOf();
    putProgram(shop, 'bwrap', 'while read -r line; do echo "got $line"; done; echo why >&2');
    writeFileSync(join(context.work, 'in'), 'one\ntwo\n');
    const lines: string[] = [];
    expect(await context.run('cat', [], { stdin: join(context.work, 'in'), onLine: line => lines.push(line) })).toBe(
      'got one\ngot two',
    );
    expect(lines.toSorted()).toEqual(['got one', 'got two', 'why']);
    expect(await context.run('cat', [], { stdin: join(context.work, 'in'), stdout: 'made' })).toBe('');
    expect(readFileSync(join(context.work, 'made'), 'utf8')).toBe('got one\ngot two\n');
    expect(readFileSync(join(shop.environment.cache, 'logs/galleon/deck.log'), 'utf8')).toContain('got one');
  });

  test('fails by the name of the program, and can be pasted', async () => {
    const { context, shop } = await contextOf();
    putProgram(shop, 'bwrap', 'echo "no space for kelp" >&2; exit 9');
    await expect(context.run('mkfs.kelp', ['-q'])).rejects.toMatchObject({
      message: 'mkfs.kelp ended with exit code 9',
      command: ['mkfs.kelp', '-q'],
      output: ['no space for kelp'],
      argv: expect.arrayContaining(['bwrap', 'mkfs.kelp']) as string[],
      log: join(shop.environment.cache, 'logs/galleon/deck.log'),
    });
  });
});

test('warnings and progress carry the id of the step', async () => {
  const { context, shop } = await contextOf();
  context.warn('it creaks', 'oil it');
  context.progress(0.25, 'one plank');
  expect(shop.events).toEqual([
    { type: 'warning', message: 'deck: it creaks', hint: 'oil it' },
    { type: 'progress', id: 'deck', fraction: 0.25, detail: 'one plank' },
  ]);
});
