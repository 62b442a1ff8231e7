import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { announce, runningMachines } from '../../../pipeline/engine/machine/running.ts';
import { scratchDirectory } from '../../disk/scratch.ts';

const folder = scratchDirectory();
let count = 0;
const newCache = (): { cache: string } => ({ cache: join(folder, `cache-${count++}`) });
const machine = (name: string) => ({
  name,
  image: `/host/${name}.raw`,
  tree: '/trees/chest',
  user: 'keeper',
  port: 40_022,
  hostKeys: [],
  state: 'booting' as const,
});

describe('a running machine', () => {
  test('is found until it is withdrawn, as it is last', async () => {
    const environment = newCache();
    expect(await runningMachines(environment)).toEqual([]);
    const announced = await announce(environment, machine('kelp'));
    expect(await runningMachines(environment)).toMatchObject([{ ...machine('kelp'), pid: process.pid }]);
    const first = announced.update({ hostKeys: ['ssh-ed25519 AAAA'] });
    await Promise.all([first, announced.update({ state: 'ready' })]);
    expect(await runningMachines(environment)).toMatchObject([{ state: 'ready', hostKeys: ['ssh-ed25519 AAAA'] }]);
    await announced.withdraw();
    expect(await runningMachines(environment)).toEqual([]);
    expect(readdirSync(join(environment.cache, 'vms'))).toEqual([]);
  });

  test('several are in the order of their names', async () => {
    const environment = newCache();
    for (const name of ['wharf', 'buoy', 'kelp']) await announce(environment, machine(name));
    expect((await runningMachines(environment)).map(each => each.name)).toEqual(['buoy', 'kelp', 'wharf']);
  });

  test.each([
    ['of a process that is no more', { pid: 2 ** 30, began: '1' }],
    ['whose process number another has now', { pid: process.pid, began: '1' }],
    ['without a process', {}],
  ])('one %s is none, and is cleared away', async (_, told) => {
    const environment = newCache();
    const alive = await announce(environment, machine('kelp'));
    const vms = join(environment.cache, 'vms');
    writeFileSync(join(vms, 'buoy-1.json'), JSON.stringify({ ...machine('buoy'), ...told }));
    writeFileSync(join(vms, 'wharf-2.json'), '{ "pid"');
    expect((await runningMachines(environment)).map(each => each.name)).toEqual(['kelp']);
    await announce(environment, machine('sloop'));
    expect(readdirSync(vms).toSorted()).toEqual([`kelp-${process.pid}.json`, `sloop-${process.pid}.json`]);
    await alive.withdraw();
  });
});
