import { describe, expect, test } from 'vitest';
import { UsageFault } from '../../../pipeline/commands/context.ts';
import { drawChain, explainChain, explainStep, type WhyInput } from '../../../pipeline/commands/plan/why.ts';
import type { Entry, Found, Listed } from '../../../pipeline/engine/store.ts';
import { entryOf } from '../../engine/entries.ts';
import { UNRESOLVED } from '../../../pipeline/stages/stage.ts';
import { planOf, sha256, type FakeStep } from '../../engine/steps.ts';
import { packageOf, resolutionOf } from '../../plan/fixture.ts';
import { manifestOf } from '../../stages/documents.ts';

const none = (fault = ''): Found => ({ entry: null, file: null, fault });
const there = (entry: Entry): Found => ({ entry, file: '/cache/store/x/artifact', fault: null });
const listed = (own: Partial<Entry>, usedAt = '2031-05-06T07:08:09Z'): Listed => ({
  entry: entryOf(own),
  folder: '/cache/store/x',
  file: '/cache/store/x/artifact',
  touched: false,
  onDisk: 4096,
  usedAt: new Date(usedAt),
});

interface Given {
  /** Parts of the steps' keys; by id. */
  parts?: Record<string, Record<string, string>>;
  /** What the store has; nothing where left out. */
  ahead?: Record<string, Found>;
  entries?: Listed[];
  resolutions?: WhyInput['resolutions'];
}

function inputOf(
  steps: readonly FakeStep[],
  { parts = {}, ahead = {}, entries = [], resolutions = {} }: Given = {},
): WhyInput {
  const plan = planOf(steps);
  const planned = plan.steps.map(step => ({ ...step, parts: parts[step.id] ?? step.parts }));
  return {
    plan: { ...plan, steps: planned },
    ahead: new Map(planned.map(step => [step.id, ahead[step.id] ?? none()])),
    entries,
    resolutions,
  };
}

describe('explainStep', () => {
  test('what is in the store is cached', () => {
    const entry = entryOf({ key: 'key-of-hull' });
    const input = inputOf([{ id: 'hull' }], {
      ahead: { hull: there(entry) },
      entries: [listed({ key: 'key-of-hull' })],
    });
    expect(explainStep('hull', input)).toEqual({
      step: 'hull',
      state: 'cached',
      reason: '',
      last: { key: 'key-of-hull', usedAt: '2031-05-06T07:08:09.000Z' },
      changes: [],
    });
  });

  test('a step that was never built here, whatever another image has', () => {
    const entries = [listed({ image: 'raft', step: 'hull' }), listed({ step: 'keel' })];
    expect(explainStep('hull', inputOf([{ id: 'hull' }], { entries }))).toMatchObject({
      state: 'build',
      reason: 'never built here',
      last: null,
      changes: [],
    });
  });

  test('a step that changed since it was last of use', () => {
    const was = { stage: 'tree/6', options: '{"planks":7,"paint":"red"}', 'tool tar': '1.34' };
    const is = { stage: 'tree/6', options: '{"planks":8,"paint":"red"}', 'tool tar': '1.35' };
    const entries = [
      listed({ key: 'last', parts: was }, '2031-05-06T07:08:09Z'),
      listed({ key: 'older', parts: { stage: 'tree/2' } }, '2030-01-01T00:00:00Z'),
    ];
    expect(explainStep('hull', inputOf([{ id: 'hull' }], { parts: { hull: is }, entries }))).toEqual({
      step: 'hull',
      state: 'build',
      reason: 'changed: options, tool tar',
      last: { key: 'last', usedAt: '2031-05-06T07:08:09.000Z' },
      changes: [
        { what: 'options.planks', was: '7', is: '8' },
        { what: 'tool tar', was: '1.34', is: '1.35' },
      ],
    });
  });

  test('more than three things that changed are not all in the line', () => {
    const entries = [listed({ parts: { a: '1', b: '1', c: '1', d: '1' } })];
    const { reason, changes } = explainStep('hull', inputOf([{ id: 'hull' }], { parts: { hull: {} }, entries }));
    expect(reason).toBe('changed: a, b, c …');
    expect(changes).toHaveLength(4);
  });

  test('what is wrong with what the store has', () => {
    const fault = '/cache/store/k/artifact is gone';
    const entries = [listed({ key: 'key-of-hull' })];
    expect(explainStep('hull', inputOf([{ id: 'hull' }], { ahead: { hull: none(fault) }, entries }))).toMatchObject({
      reason: fault,
      changes: [],
    });
  });

  test('a published file that is not where it is wanted', () => {
    const entries = [listed({ key: 'key-of-ship', step: 'ship', published: '/srv/ship.raw' })];
    expect(explainStep('ship', inputOf([{ id: 'ship', publishes: 'ship.raw' }], { entries })).reason).toBe(
      'ship.raw is no longer there, or was built elsewhere (/srv/ship.raw)',
    );
  });

  describe('a key that is not known yet', () => {
    const steps: FakeStep[] = [
      { id: 'parts', key: null, sources: manifestOf() },
      { id: 'hull', key: null, inputs: { tree: 'parts' } },
      { id: 'flag', key: null },
      { id: 'seal', key: null },
      { id: 'parcel', key: null, signs: 'bundles' },
    ];
    test.each([
      ['parts', 'packages of cargo not resolved yet'],
      ['hull', 'parts will be built'],
      ['flag', 'tools not resolved yet'],
      ['seal', 'no certificate where `signing` says'],
      ['parcel', 'no certificate where `updates.signing` says'],
    ])('%s: %s', (id, reason) =>
      expect(
        explainStep(
          id,
          inputOf(steps, {
            parts: { seal: { certificate: UNRESOLVED }, parcel: { certificate: UNRESOLVED } },
          }),
        ),
      ).toMatchObject({
        state: 'build',
        reason,
      }),
    );
  });

  test('packages that changed are named, but for those that are purged at the end', () => {
    const sources = manifestOf({ removePackages: ['ballast'] });
    const resolution = resolutionOf('cargo', [
      packageOf('rope', '', '3.2'),
      packageOf('sail'),
      packageOf('ballast'),
      packageOf('mast'),
    ]);
    const facts = {
      packages: [
        { name: 'rope', version: '3.1' },
        { name: 'sail', version: '3.1' },
        { name: 'anchor', version: '9' },
      ],
    };
    const entries = [listed({ step: 'parts', key: 'last', facts, parts: { 'packages of cargo': 'then' } })];
    const given = { parts: { parts: { 'packages of cargo': 'today' } }, entries, resolutions: { cargo: resolution } };
    expect(explainStep('parts', inputOf([{ id: 'parts', sources }], given)).changes).toEqual([
      { what: 'packages of cargo', was: 'then', is: 'today' },
      { what: 'package anchor', was: '9', is: null },
      { what: 'package mast', was: null, is: '3.1' },
      { what: 'package rope', was: '3.1', is: '3.2' },
    ]);
  });

  test('no step of that name: the nearest, and all there are', () => {
    expect(() => explainStep('hul', inputOf([{ id: 'hull' }, { id: 'mast' }]))).toThrow(UsageFault);
    expect(() => explainStep('hul', inputOf([{ id: 'hull' }, { id: 'mast' }]))).toThrow(
      expect.objectContaining({
        message: 'no step "hul" in galleon (did you mean "hull"?)',
        hint: 'its steps: hull, mast',
      }),
    );
  });
});

describe('explainChain', () => {
  const steps: FakeStep[] = [
    { id: 'keel' },
    { id: 'mast' },
    { id: 'hull', inputs: { below: 'keel' } },
    { id: 'deck', inputs: { below: 'keel' } },
    { id: 'ship', inputs: { a: 'hull', b: 'deck', c: 'mast' } },
  ];
  const chain = (id: string, ahead: Record<string, Found>): string[] =>
    explainChain(id, inputOf(steps, { ahead })).map(each => each.step);

  test('the step first, then what it follows from, once each; what is cached is no reason', () => {
    expect(chain('ship', { mast: there(entryOf()) })).toEqual(['ship', 'hull', 'keel', 'deck']);
    expect(chain('ship', { mast: there(entryOf()), keel: there(entryOf()), deck: there(entryOf()) })).toEqual([
      'ship',
      'hull',
    ]);
  });

  test('a cached step alone', () =>
    expect(chain('hull', { hull: there(entryOf()), keel: there(entryOf()) })).toEqual(['hull']));

  test('no step of that name', () => expect(() => chain('boat', {})).toThrow('no step "boat" in galleon'));
});

describe('drawChain', () => {
  test('a paragraph for each step; digests and long values cut short', () => {
    const parts = {
      hull: {
        'input below': sha256('new keel'),
        options: JSON.stringify({ a: 'x'.repeat(200), mark: '\u001b[31mred' }),
      },
      keel: { stage: 'tree/7' },
    };
    const entries = [
      listed({ step: 'hull', key: sha256('hull'), parts: { 'input below': sha256('old keel'), options: '{"a":"y"}' } }),
    ];
    const input = inputOf([{ id: 'keel' }, { id: 'hull', inputs: { below: 'keel' } }], { parts, entries });
    expect(drawChain(explainChain('hull', input)).split('\n')).toEqual([
      `hull will be built: changed: input below, options, compared with 2031-05-06 07:08 UTC (key ${sha256('hull').slice(0, 12)})`,
      `    input below: ${sha256('old keel').slice(0, 12)} -> ${sha256('new keel').slice(0, 12)}`,
      `    options.a: y -> ${'x'.repeat(159)}…`,
      '    options.mark: none -> red',
      '',
      'keel will be built: never built here',
    ]);
  });

  test('a cached step', () => {
    const input = inputOf([{ id: 'hull' }], { ahead: { hull: there(entryOf()) } });
    expect(drawChain(explainChain('hull', input))).toBe('hull is in the store: nothing makes it miss');
  });
});
