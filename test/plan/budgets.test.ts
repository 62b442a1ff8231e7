import { describe, expect, test } from 'vitest';
import type { Budgets, Image } from '../../pipeline/config/types.ts';
import { budgetsOf, type Budget, type Made } from '../../pipeline/plan/budgets.ts';
import { makePlan, type Plan } from '../../pipeline/plan/plan.ts';
import { imageOf } from '../stages/documents.ts';
import { packageOf, planInput } from './fixture.ts';

const MIB = 2 ** 20;
const LIMITS: Budgets = { root: 9 * MIB, image: 99 * MIB, packages: 3, setuid: 0, listening: 5 };
const DISK = { id: 'table', stage: 'disk', inputs: { sys: 'sys', hold: 'hold', kern: 'hold', state: 'hold' } };
const BOX = { id: 'box', stage: 'container', inputs: { disk: 'table' }, options: { format: 'vhdx' } };

function planWith({
  own = {},
  sealed = false,
  tools = [],
}: { own?: Partial<Image>; sealed?: boolean; tools?: string[] } = {}): Plan {
  const input = planInput();
  const seal = { id: 'seal', stage: 'verity', inputs: { filesystem: 'sys' }, options: { content: 'sys' } };
  const disk = { ...DISK, options: {}, inputs: { ...DISK.inputs, sys: sealed ? 'seal' : 'sys' } };
  const stages = [
    ...input.image.stages.filter(each => each.id !== 'trim'),
    { id: 'spare', stage: 'packages', inputs: {}, options: { manifest: 'cargo' } },
    ...(sealed ? [seal] : []),
    disk,
    BOX,
  ];
  const image = imageOf({ stages, budgets: LIMITS, ...own });
  const chest = [
    ...(input.packages.chest?.packages ?? []),
    ...['cryptsetup-bin', ...tools].map(each => packageOf(each)),
  ];
  const packages = { ...input.packages, chest: { digest: 'chest', packages: chest } };
  const { plan, faults } = makePlan({ ...input, image, packages });
  if (plan === null) throw new Error(JSON.stringify(faults));
  return plan;
}

function found(name: Budget['name'], plan: Plan, made: Record<string, Partial<Made>>): Omit<Budget, 'limit' | 'name'> {
  const full = Object.entries(made).map(([id, each]) => [id, { bytes: 0, facts: {}, ...each }] as const);
  const budget = budgetsOf(plan, new Map(full)).find(each => each.name === name);
  if (budget === undefined) throw new Error(`no budget ${name}`);
  return { found: budget.found, parts: budget.parts };
}

test('only what the definition limits is counted', () => {
  const budgets = { ...LIMITS, image: null, packages: null, listening: null };
  expect(budgetsOf(planWith({ own: { budgets } }), new Map())).toEqual([
    { name: 'root', limit: 9 * MIB, found: 0, parts: [] },
    { name: 'setuid', limit: 0, found: 0, parts: [] },
  ]);
});

describe('root', () => {
  const made = { sys: { bytes: 4 * MIB }, hold: { bytes: 70 * MIB }, seal: { bytes: 5 * MIB } };
  test('is the file system with its hash tree', () =>
    expect(found('root', planWith({ sealed: true }), made)).toEqual({ found: 5 * MIB, parts: ['step seal'] }));
  test('without a hash tree it is the file system of the root alone', () =>
    expect(found('root', planWith(), made)).toEqual({ found: 4 * MIB, parts: ['step sys'] }));
  test('names the largest files', () => {
    const facts = { largest: [{ path: '/boot/anchor', bytes: 2 * MIB }] };
    expect(found('root', planWith(), { ...made, hull: { facts } }).parts).toEqual(['step sys', '/boot/anchor 2 MiB']);
  });
});

describe('image', () => {
  test('is the length of its file', () =>
    expect(found('image', planWith(), { box: { bytes: 8 * MIB }, table: { bytes: 9 * MIB } })).toEqual({
      found: 8 * MIB,
      parts: ['galleon.vhdx'],
    }));
  test('of a file with holes, what is no hole', () => {
    const extents = [
      [0, 7],
      [MIB, 13],
    ];
    expect(found('image', planWith(), { box: { bytes: 80 * MIB, facts: { extents } } }).found).toBe(20);
  });
});

test('packages are those of every step that the disk is made from', () => {
  const packages = [{ name: 'rope' }, { name: 'sail' }];
  const made = { parts: { facts: { packages } }, spare: { facts: { packages } } };
  expect(found('packages', planWith(), made)).toEqual({ found: 2, parts: ['parts 2'] });
});

test('packages are counted at once though many ways lead from them to the disk', () => {
  const plan = planWith();
  const [model] = plan.steps;
  if (model === undefined) throw new Error('no step');
  const rows = Array.from({ length: 60 }, (_, row) => ({
    ...model,
    id: `row${row + 1}`,
    inputs: { fore: `row${row}`, aft: `row${row}` },
  }));
  const steps = plan.steps.map(each => (each.stage.name === 'disk' ? { ...each, inputs: { hold: 'row60' } } : each));
  const made = { parts: { facts: { packages: [{ name: 'rope' }] } } };
  expect(found('packages', { ...plan, steps: [...rows, ...steps] }, made).found).toBe(0);
});

test('a tarball has as many packages as it says', () => {
  const options = { file: 'scripts/trim.sh', sha256: 'bb22' };
  const stages = planWith().image.stages.map(each =>
    each.id === 'parts' ? { ...each, stage: 'tarball', options } : each,
  );
  const made = { parts: { facts: { packages: [{ name: 'rope' }] } } };
  const tools = ['gzip', 'xz-utils', 'zstd'];
  expect(found('packages', planWith({ own: { stages }, tools }), made)).toEqual({ found: 1, parts: ['parts 1'] });
});

test('setuid files are told by path, once though two trees tell of them', () => {
  const facts = { setuid: ['/usr/bin/winch'] };
  expect(found('setuid', planWith(), { hull: { facts }, sys: { facts } })).toEqual({
    found: 1,
    parts: ['/usr/bin/winch'],
  });
});

describe('listening', () => {
  const ssh = { user: 'bosun', sudo: 'none', transport: 'both' } as const;
  test('is known of SSH before anything is made, by each transport', () =>
    expect(found('listening', planWith({ own: { ssh } }), {}).parts).toEqual(['SSH by tcp', 'SSH by vsock']));
  test('is each socket unit but those of SSH', () => {
    const sockets = [
      { unit: 'galley.socket', addresses: ['4711'] },
      { unit: 'ssh.socket', addresses: ['22'] },
    ];
    expect(found('listening', planWith(), { hull: { facts: { sockets } } }).parts).toEqual(['galley.socket (4711)']);
  });
});
