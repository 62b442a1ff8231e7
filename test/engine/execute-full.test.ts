import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { execute } from '../../pipeline/engine/execute.ts';
import { BuildFault } from '../../pipeline/engine/fault.ts';
import { runProcess } from '../../pipeline/engine/run.ts';
import { listEntries } from '../../pipeline/engine/store.ts';
import type { Facts } from '../../pipeline/stages/stage.ts';
import { scratchDirectory } from '../disk/scratch.ts';
import { packageOf, resolutionOf } from '../plan/fixture.ts';
import { manifestOf } from '../stages/documents.ts';
import {
  CHAIN,
  planOf,
  putDpkg,
  scratchOf,
  stepsOf,
  workshop,
  type Build,
  type FakeStep,
  type Workshop,
} from './steps.ts';

const folder = scratchDirectory();
let count = 0;
const newWorkshop = (): Workshop => workshop(join(folder, `${count++}`));
/** /dev/full is a disk without room: full(4). */
const program =
  (...argv: [string, ...string[]]): Build =>
  async ({ signal }) => {
    await runProcess(argv, { env: { PATH: '/usr/bin:/bin' }, signal });
    return {};
  };
const withBuild = (id: string, build: Build, own: Partial<FakeStep> = {}): FakeStep[] =>
  CHAIN.map(step => (step.id === id ? { ...step, ...own, build } : step));
async function faultOf(steps: readonly FakeStep[], shop: Workshop): Promise<BuildFault> {
  const error: unknown = await execute(planOf(steps), shop).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BuildFault)) throw new Error(`expected a BuildFault, got ${String(error)}`);
  return error;
}

describe('a disk that is full', () => {
  test.each<[string, Build]>([
    [
      'when we write',
      async () => {
        writeFileSync('/dev/full', 'x');
        return {};
      },
    ],
    ['when a program writes', program('dd', 'if=/dev/zero', 'of=/dev/full', 'count=1')],
    ['when a program has mapped a file', program('sh', '-c', 'kill -BUS $$')],
  ])('%s is one message: who, how much, where, and the way out', async (_, build) => {
    const shop = newWorkshop();
    const { cache } = shop.environment;
    const { message, hint } = await faultOf(withBuild('hull', build), shop);
    expect(message).toMatch(
      new RegExp(
        `^the disk is full: hull needs up to 16 MiB; [\\d.]+ [KMGT]?i?B of [\\d.]+ [KMGT]iB are free in ${cache}$`,
      ),
    );
    expect(hint).toBe(
      'free some room (caisson cache prune), or name another cache folder in CAISSON_CACHE; what was complete is not lost',
    );
  });

  test('leaves no scratch, and a store that is of use', async () => {
    const shop = newWorkshop();
    await faultOf(withBuild('hull', program('dd', 'if=/dev/zero', 'of=/dev/full', 'count=1')), shop);
    expect(scratchOf(shop)).toEqual([]);
    expect(stepsOf(shop, 'failed')).toEqual(['hull']);
    const kept = (await listEntries(join(shop.environment.cache, 'store'))).map(each => each.entry.step);
    expect(kept).toContain('keel');
    shop.events.length = 0;
    await execute(planOf(CHAIN), shop);
    expect(stepsOf(shop, 'reused').toSorted()).toEqual(kept.toSorted());
    expect([...stepsOf(shop, 'reused'), ...stepsOf(shop, 'finished')].toSorted()).toEqual([
      'hull',
      'keel',
      'mast',
      'ship',
    ]);
  });

  test('leaves nothing of what was to be published', async () => {
    const shop = newWorkshop();
    const build: Build = async ({ out }) => {
      writeFileSync(out, 'half a ship');
      writeFileSync('/dev/full', 'x');
      return {};
    };
    const { hint } = await faultOf(withBuild('ship', build), shop);
    expect(hint).toMatch(/CAISSON_CACHE|--out/);
    expect(readdirSync(shop.out)).toEqual([]);
  });

  test('what a stage says itself of the room it takes is told', async () => {
    const shop = newWorkshop();
    const room = (resolved: { own: string }, inputs: object): number =>
      resolved.own === 'ship' && Object.keys(inputs).join() === 'one,two' ? 5 * 2 ** 30 : 0;
    const { message } = await faultOf(withBuild('ship', program('dd', 'if=/dev/zero', 'of=/dev/full'), { room }), shop);
    expect(message).toContain('ship needs up to 5 GiB;');
  });

  test('otherwise twice of what it reads is taken to be enough; of a sparse input only what it holds counts', async () => {
    const shop = newWorkshop();
    const makes =
      (bytes: number, facts: Facts): Build =>
      async ({ out }) => {
        writeFileSync(out, '');
        truncateSync(out, bytes);
        return facts;
      };
    const steps = [
      { id: 'hull', build: makes(30 * 2 ** 20, { used: 12 * 2 ** 20 }) },
      { id: 'mast', build: makes(5 * 2 ** 20, {}) },
      ...withBuild('ship', program('dd', 'if=/dev/zero', 'of=/dev/full')).slice(3),
    ];
    expect((await faultOf(steps, shop)).message).toContain('ship needs up to 34 MiB;');
  });

  test('a step that installs packages needs what they do', async () => {
    const rope = { ...packageOf('rope'), bytes: 2 ** 20, stanza: 'Package: rope\nInstalled-Size: 20480' };
    const shop = workshop(join(folder, `${count++}`), {
      resolutions: { cargo: resolutionOf('cargo', [rope]) },
    });
    putDpkg(shop, [rope]);
    const pool = join(shop.environment.cache, 'pool');
    mkdirSync(pool, { recursive: true });
    writeFileSync(join(pool, `${rope.sha256}.deb`), 'x');
    const parts = { id: 'parts', sources: manifestOf(), build: program('dd', 'if=/dev/zero', 'of=/dev/full') };
    expect((await faultOf([parts], shop)).message).toContain('parts unpacks up to 41 MiB into');
  });
});

test('another failure of a program stays what it is', async () => {
  const shop = newWorkshop();
  await expect(execute(planOf(withBuild('hull', program('sh', '-c', 'echo why; exit 3'))), shop)).rejects.toMatchObject(
    {
      name: 'ProcessFailure',
      exitCode: 3,
    },
  );
});
