import { describe, expect, test } from 'vitest';
import type { Manifest, Partition } from '../../pipeline/config/types.ts';
import { makePlan, type Plan, type PlanInput } from '../../pipeline/plan/plan.ts';
import { OptionFault, type AnyStage } from '../../pipeline/stages/stage.ts';
import { packageOf, planInput } from './fixture.ts';

function planOf(input: PlanInput): Plan {
  const { plan, faults } = makePlan(input);
  expect(faults).toEqual([]);
  if (plan === null) throw new Error('no plan without faults');
  return plan;
}

const keysOf = (input: PlanInput): Record<string, string | null> =>
  Object.fromEntries(planOf(input).steps.map(step => [step.id, step.key]));
const ALL = ['parts', 'hull', 'sys', 'trim', 'hold'];

const withImage = (input: PlanInput, own: Partial<PlanInput['image']>): PlanInput => ({
  ...input,
  image: { ...input.image, ...own },
});
const withStep = (input: PlanInput, id: string, own: Partial<PlanInput['image']['stages'][number]>): PlanInput =>
  withImage(input, { stages: input.image.stages.map(step => (step.id === id ? { ...step, ...own } : step)) });
const withManifest = (input: PlanInput, own: Partial<Manifest>): PlanInput => ({
  ...input,
  manifests: Object.fromEntries(
    Object.entries(input.manifests).map(([name, manifest]) => [name, { ...manifest, ...own }]),
  ),
});
const withPartition = (input: PlanInput, name: string, own: Partial<Partition>): PlanInput => ({
  ...input,
  layout: {
    ...input.layout,
    partitions: input.layout.partitions.map(each => (each.name === name ? { ...each, ...own } : each)),
  },
});
const withOverlay = (input: PlanInput, own: object): PlanInput => ({
  ...input,
  overlays: Object.fromEntries(
    Object.entries(input.overlays).map(([name, tree]) => [
      name,
      { ...tree, entries: tree.entries.map(entry => ({ ...entry, ...own })) },
    ]),
  ),
});
const withNewTool = (input: PlanInput, name: string): PlanInput => ({
  ...input,
  packages: {
    ...input.packages,
    chest: { digest: 'chest tomorrow', packages: [...(input.packages.chest?.packages ?? []), packageOf(name)] },
  },
});

const withTool = (input: PlanInput, name: string): PlanInput => ({
  ...input,
  packages: {
    ...input.packages,
    chest: {
      digest: 'chest tomorrow',
      packages: (input.packages.chest?.packages ?? []).map(each =>
        each.name === name ? { ...each, version: '99' } : each,
      ),
    },
  },
});
const withStage = (input: PlanInput, name: string): PlanInput => ({
  ...input,
  stages: { ...input.stages, [name]: { ...(input.stages[name] as AnyStage), version: 77 } },
});

describe('a key changes with', () => {
  const changes: [string, (input: PlanInput) => PlanInput, string[]][] = [
    [
      'an option',
      input => withStep(input, 'sys', { options: { content: 'sys', compression: 'zstd,9' } }),
      ['sys', 'trim'],
    ],
    ['the epoch', input => withImage(input, { epoch: 1_555_555_555 }), ALL],
    ['the seed, where it is used', input => withImage(input, { seed: 'fresh water' }), ['sys', 'trim', 'hold']],
    ['the version, where it is used', input => withImage(input, { version: '7.4' }), ['hull', 'sys', 'trim']],
    ['the name, where it is used', input => withImage(input, { name: 'sloop' }), ['hull', 'sys', 'trim']],
    ['the content of an overlay', input => withOverlay(input, { sha256: 'ffff' }), ['hull', 'sys', 'trim']],
    ['the mode in an overlay', input => withOverlay(input, { mode: 0o600 }), ['hull', 'sys', 'trim']],
    ['the owner in an overlay', input => withOverlay(input, { gid: 5 }), ['hull', 'sys', 'trim']],
    [
      'the content of a file',
      input => ({
        ...input,
        files: { 'scripts/trim.sh': { path: '/host/scripts/trim.sh', sha256: 'ffff', mode: 0o755 } },
      }),
      ['trim'],
    ],
    [
      'the packages that a manifest means',
      input => ({ ...input, packages: { ...input.packages, cargo: { digest: 'cargo tomorrow', packages: [] } } }),
      ['parts', 'hull', 'sys', 'trim'],
    ],
    [
      'what a manifest leaves out',
      input => withManifest(input, { exclude: ['/usr/share/man/*'] }),
      ['parts', 'hull', 'sys', 'trim'],
    ],
    [
      'the users of a manifest, without installing anew',
      input => withManifest(input, { users: [{ name: 'mate', uid: 7, gid: 7, gecos: '', home: '/m', shell: '/s' }] }),
      ['hull', 'sys', 'trim'],
    ],
    [
      'the removals of a manifest, without installing anew',
      input => withManifest(input, { remove: ['/x'] }),
      ['hull', 'sys', 'trim'],
    ],
    [
      'mount(8) in the tools tree, which mmdebstrap heeds',
      input => withNewTool(input, 'mount'),
      ['parts', 'hull', 'sys', 'trim'],
    ],
    ['a tool', input => withTool(input, 'mmdebstrap'), ['parts', 'hull', 'sys', 'trim']],
    ['what a tool depends on', input => withTool(input, 'perl'), ['parts', 'hull', 'sys', 'trim']],
    [
      'a library of a library of a tool, by a name that is provided',
      input => withTool(input, 'liblz'),
      ['sys', 'trim', 'hold'],
    ],
    ['a tool that an option names', input => withTool(input, 'sed'), ['trim']],
    ['the version of a stage', input => withStage(input, 'tree'), ['hull', 'sys', 'trim']],
    ['what is wired', input => withStep(input, 'hold', { inputs: { tree: 'parts' } }), ['hold']],
    ['the name of an input', input => withStep(input, 'trim', { inputs: { picture: 'sys' } }), ['trim']],
    ['the size of a partition', input => withPartition(input, 'SysA', { size: 91 * 2 ** 20 }), ['sys', 'trim']],
    [
      'the label of a partition',
      input => withPartition(input, 'Hold', { label: 'Other' }),
      ['hull', 'sys', 'trim', 'hold'],
    ],
    ['modules that may be loaded', input => withManifest(input, { modules: ['kelp'] }), ['hull', 'sys', 'trim']],
    [
      'the size of a partition that is mounted, not the root with it',
      input => withPartition(input, 'Hold', { size: 41 * 2 ** 20 }),
      ['hold'],
    ],
    ['a mount point', input => withPartition(input, 'Hold', { mount: '/bay' }), ['hull', 'sys', 'trim']],
  ];
  test.each(changes)('%s', (_, change, changed) => {
    const [before, after] = [keysOf(planInput()), keysOf(change(planInput()))];
    expect(ALL.filter(id => before[id] !== after[id])).toEqual(changed);
  });
});

describe('no key changes with', () => {
  const elsewhere = (input: PlanInput): PlanInput => ({
    ...withManifest(withImage(input, { file: '/elsewhere/pipeline/galleon.yaml' }), {
      file: '/elsewhere/rootfs-manifests/cargo.yaml',
    }),
    layout: { ...input.layout, file: '/elsewhere/layouts/stern.yaml' },
    overlays: Object.fromEntries(
      Object.entries(input.overlays).map(([name, tree]) => [
        name,
        {
          ...tree,
          directory: '/elsewhere',
          entries: tree.entries.map(entry => ({ ...entry, source: `/elsewhere${entry.source}` })),
        },
      ]),
    ),
    files: { 'scripts/trim.sh': { path: '/elsewhere/scripts/trim.sh', sha256: 'bb22', mode: 0o755 } },
  });
  const changes: [string, (input: PlanInput) => PlanInput][] = [
    ['the folder of the project', elsewhere],
    ['the name of a layout', input => ({ ...input, layout: { ...input.layout, name: 'bow' } })],
    ['a partition that no step is for', input => withPartition(input, 'Blank', { size: 2 ** 30 })],
    ['a package of the tools tree that no step uses', input => withTool(input, 'ballast')],
    ['the summary', input => withImage(input, { summary: 'a ship' })],
    ['the order of options', input => withStep(input, 'sys', { options: { compression: 'lz4', content: 'sys' } })],
    ['the order of steps', input => withImage(input, { stages: input.image.stages.toReversed() })],
    [
      'a default that is written out',
      input => withStep(input, 'hold', { options: { content: 'hold', compression: 'zstd,3' } }),
    ],
    [
      'what a feature would bring',
      input => withManifest(input, { features: { kvp: { packages: ['kelp'], modules: [], units: { enable: [] } } } }),
    ],
  ];
  test.each(changes)('%s', (_, change) => expect(keysOf(change(planInput()))).toEqual(keysOf(planInput())));

  test('the order of names in an option', () => {
    const withFiles = (files: Record<string, string>): PlanInput =>
      withStep(planInput(), 'hull', { inputs: { tree: 'parts', one: 'hold' }, options: { files } });
    expect(keysOf(withFiles({ '/b': 'one', '/a': 'one' }))).toEqual(keysOf(withFiles({ '/a': 'one', '/b': 'one' })));
  });

  test('the ids of steps', () => {
    const named = (id: string): string => (id === 'hull' ? 'deck' : id);
    const renamed = withImage(planInput(), {
      stages: planInput().image.stages.map(step => ({
        ...step,
        id: named(step.id),
        inputs: Object.fromEntries(Object.entries(step.inputs).map(([name, id]) => [name, named(id)])),
      })),
    });
    expect(Object.values(keysOf(renamed))).toEqual(Object.values(keysOf(planInput())));
  });

  test('anything else: no part of one names the host', () =>
    expect(JSON.stringify(planOf(planInput()).steps.map(step => step.parts))).not.toContain('/host'));
});

describe('a key', () => {
  test('is a SHA-256 of its parts, and they are named', () => {
    const { steps } = planOf(planInput());
    for (const { key } of steps) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(steps.map(step => step.key)).size).toBe(steps.length);
    expect(Object.keys(steps.find(step => step.id === 'trim')?.parts ?? {})).toEqual([
      'stage',
      'epoch',
      'options',
      'tool coreutils',
      'tool dash',
      'tool sed',
      'input image',
    ]);
    expect(steps.find(step => step.id === 'parts')?.parts).toMatchObject({
      stage: `packages/${planInput().stages.packages?.version}`,
      epoch: '1444444444',
      'packages of cargo': 'cargo today',
      'tool apt': expect.stringMatching(/^3\.1 \([0-9a-f]{16}\)$/),
    });
  });

  test.each([
    ['cargo', ['parts', 'hull', 'sys', 'trim']],
    ['chest', ALL],
  ])('is null while %s is not resolved, and so is that of all that read from it', (manifest, unknown) => {
    const input = planInput();
    const keys = keysOf({ ...input, packages: { ...input.packages, [manifest]: undefined } });
    // The tree stage has no tools, yet it reads from one that does.
    expect(ALL.filter(id => keys[id] === null)).toEqual(unknown);
  });
});

describe('the plan', () => {
  test('has each step after those it reads from, otherwise as written', () =>
    expect(planOf(planInput()).steps.map(step => step.id)).toEqual(['parts', 'hull', 'sys', 'trim', 'hold']));

  test('says which manifest a step needs and what it publishes', () => {
    const input = withImage(planInput(), {
      stages: [
        ...planInput().image.stages,
        { id: 'disk', stage: 'disk', inputs: { sys: 'sys', hold: 'hold', kern: 'hold', state: 'hold' }, options: {} },
        { id: 'file', stage: 'container', inputs: { disk: 'disk' }, options: { format: 'raw' } },
      ],
    });
    const { steps } = planOf(input);
    expect(steps.filter(step => step.sources !== null).map(step => [step.id, step.sources?.name])).toEqual([
      ['parts', 'cargo'],
    ]);
    expect(steps.filter(step => step.publishes !== null).map(step => [step.id, step.publishes])).toEqual([
      ['file', 'galleon.raw'],
    ]);
  });

  test('tells a stage its image, its layout and its inputs', () => {
    const input = withStep(planInput(), 'hold', {
      stage: 'spy',
      inputs: { one: 'sys', two: 'parts' },
      options: { any: 1 },
    });
    const seen: unknown[] = [];
    const spy = {
      ...(input.stages.command as AnyStage),
      name: 'spy',
      resolve: (...args: unknown[]) => (seen.push(...args), {}),
    };
    planOf({ ...input, stages: { ...input.stages, spy } });
    expect(seen).toEqual([
      { any: 1 },
      expect.objectContaining({
        name: 'galleon',
        version: '7.3',
        epoch: 1_444_444_444,
        seed: 'salt water',
        layout: input.layout,
        inputs: ['one', 'two'],
      }),
    ]);
  });
});

describe('containers', () => {
  const input = planInput();
  const withBoxes = withImage(input, {
    stages: [
      { id: 'press', stage: 'compress', inputs: { file: 'raft' }, options: {} },
      ...input.image.stages,
      {
        id: 'table',
        stage: 'disk',
        inputs: { sys: 'hold', kern: 'hold', state: 'hold', hold: 'hold' },
        options: {},
      },
      { id: 'box', stage: 'container', inputs: { disk: 'table' }, options: { format: 'vhdx' } },
      { id: 'raft', stage: 'container', inputs: { disk: 'table' }, options: { format: 'qcow2' } },
    ],
  });
  const chest = withBoxes.packages.chest;
  const packed = {
    ...withBoxes,
    packages: {
      ...withBoxes.packages,
      chest: { digest: 'x', packages: [...(chest?.packages ?? []), packageOf('zstd')] },
    },
  };
  const tools = (id: string): string[] =>
    Object.keys(planOf(packed).steps.find(step => step.id === id)?.parts ?? {}).filter(part => part.startsWith('tool'));

  test('only those that qemu-img makes have it in their keys', () => {
    expect(tools('box')).toEqual([]);
    expect(tools('raft')).toEqual(['tool qemu-utils']);
    expect(tools('press')).toEqual(['tool zstd']);
  });

  test('a step knows the file name of what it reads', () => {
    expect(planOf(packed).steps.find(step => step.id === 'press')?.publishes).toBe('galleon.qcow2.zst');
    const faults = makePlan(withStep(packed, 'press', { inputs: { file: 'table' } })).faults;
    expect(faults).toMatchObject([{ index: 0, message: expect.stringContaining('publishes nothing') as string }]);
  });

  test('what reads a step with a fault is not blamed for it', () => {
    const faults = makePlan(withStep(packed, 'raft', { options: { format: 'qcow2', blockSize: '1 MiB' } })).faults;
    expect(faults.map(each => each.path)).toEqual(['blockSize']);
  });
});

describe('faults', () => {
  test('of all steps, each with its place in the file', () => {
    const bad = withStep(withStep(planInput(), 'sys', { options: { content: 'cellar' } }), 'hull', {
      options: { files: { '/x': 'ghost' } },
    });
    expect(makePlan(bad)).toEqual({
      plan: null,
      faults: [
        { index: 2, path: 'files["/x"]', message: '"ghost" is no input of this step', hint: 'its inputs: tree' },
        {
          index: 3,
          path: 'content',
          message: 'layout "stern" has no partition with content "cellar"',
          hint: 'its contents: state, kern, sys, hold, blank',
        },
      ],
    });
  });

  test('a tool that the tools manifest does not bring', () => {
    const input = withStep(planInput(), 'trim', { options: { script: 'scripts/trim.sh', tools: ['winch'] } });
    expect(makePlan(input).faults).toEqual([
      {
        index: 0,
        path: '',
        message: 'needs the program package "winch", which rootfs-manifests/chest.yaml does not bring',
        hint: 'add it to the packages there',
      },
    ]);
  });

  test('an error that is no fault of the user’s goes through', () => {
    const broken = {
      ...(planInput().stages.tree as AnyStage),
      resolve: () => {
        throw new TypeError('ours');
      },
    };
    expect(() => makePlan({ ...planInput(), stages: { ...planInput().stages, tree: broken } })).toThrow(TypeError);
    expect(() => makePlan({ ...planInput(), overlays: {} })).toThrow(
      '"paint" was not loaded: its option lacks x-document',
    );
    expect(new OptionFault('a', 'b').hint).toBe('');
  });
});

test('a version that moves to another package of the closure changes the key', () => {
  const input = planInput();
  const chest = input.packages.chest?.packages ?? [];
  const swapped = {
    ...input,
    packages: {
      ...input.packages,
      chest: { digest: 'x', packages: [...chest.filter(each => each.name !== 'perl'), packageOf('perl', 'sed')] },
    },
  };
  expect(keysOf(swapped).parts).not.toBe(keysOf(input).parts);
});

describe('the certificate that signs', () => {
  /** `hull` signs; `sys` and `trim` stand behind it. */
  const signing = (certificate: string | null): PlanInput => {
    const input = planInput();
    const tree: AnyStage = { ...(input.stages.tree as AnyStage), signs: 'programs' };
    return { ...input, stages: { ...input.stages, tree }, certificates: { programs: certificate, bundles: 'cc77' } };
  };

  test('is part of the keys of steps that sign, and of what stands behind them', () => {
    const [one, two] = [keysOf(signing('aa55')), keysOf(signing('bb66'))];
    expect(ALL.filter(id => one[id] !== two[id])).toEqual(['hull', 'sys', 'trim']);
    const parts = planOf(signing('aa55')).steps.filter(step => 'certificate' in step.parts);
    expect(parts.map(step => [step.id, step.parts.certificate])).toEqual([['hull', 'aa55']]);
  });

  test('leaves them without a key while it is not there', () => {
    const keys = keysOf(signing(null));
    expect(ALL.filter(id => keys[id] === null)).toEqual(['hull', 'sys', 'trim']);
  });

  test('is nothing to a plan in which nobody signs', () => {
    expect(keysOf({ ...planInput(), certificates: { programs: 'aa55', bundles: 'cc77' } })).toEqual(
      keysOf(planInput()),
    );
    expect(Object.values(keysOf(planInput()))).not.toContain(null);
  });
});
