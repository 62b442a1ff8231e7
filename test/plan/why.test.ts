import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makePlan } from '../../pipeline/plan/plan.ts';
import { changedParts, type Change } from '../../pipeline/plan/why.ts';
import { planInput } from './fixture.ts';

const options = (was: unknown, is: unknown): Change[] =>
  changedParts({ options: JSON.stringify(was) }, { options: JSON.stringify(is) });

describe('parts of a key', () => {
  test('that changed, came or went, by their names', () => {
    const was = { stage: 'tree/7', epoch: '1', 'tool tar': '1.34', 'input hull': 'aa' };
    const is = { stage: 'tree/8', epoch: '1', 'tool sed': '4.9', 'input hull': 'bb' };
    expect(changedParts(was, is)).toEqual([
      { what: 'input hull', was: 'aa', is: 'bb' },
      { what: 'stage', was: 'tree/7', is: 'tree/8' },
      { what: 'tool sed', was: null, is: '4.9' },
      { what: 'tool tar', was: '1.34', is: null },
    ]);
  });

  test('options as a whole where the other key had none', () => {
    expect(changedParts({}, { options: '{"a":1}' })).toEqual([{ what: 'options', was: null, is: '{"a":1}' }]);
    expect(changedParts({ options: '7' }, {})).toEqual([{ what: 'options', was: '7', is: null }]);
  });
});

describe('options', () => {
  test.each<[string, unknown, unknown, Change[]]>([
    ['a text', { level: 'lz4' }, { level: 'zstd' }, [{ what: 'options.level', was: 'lz4', is: 'zstd' }]],
    ['a number', { a: { b: 7 } }, { a: { b: 8 } }, [{ what: 'options.a.b', was: '7', is: '8' }]],
    ['one that came', { a: 1 }, { a: 1, b: [2] }, [{ what: 'options.b', was: null, is: '[2]' }]],
    ['one that went', { a: { b: true } }, {}, [{ what: 'options.a', was: '{"b":true}', is: null }]],
    ['one that is nothing now', { a: 7 }, { a: null }, [{ what: 'options.a', was: '7', is: 'null' }]],
    ['another kind of value', { a: [1] }, { a: 'one' }, [{ what: 'options.a', was: '[1]', is: 'one' }]],
    ['the whole', 'lz4', 'zstd', [{ what: 'options', was: 'lz4', is: 'zstd' }]],
    [
      'a member of a list, by its place',
      { sizes: [7, 8] },
      { sizes: [7, 9] },
      [{ what: 'options.sizes[1]', was: '8', is: '9' }],
    ],
    [
      'a word put before others: nothing but that',
      { packages: ['rope', 'sail'] },
      { packages: ['anchor', 'rope', 'sail'] },
      [{ what: 'options.packages[anchor]', was: null, is: 'anchor' }],
    ],
    [
      'a file put before others: nothing but that',
      { files: [{ path: '/b', mode: 5 }] },
      {
        files: [
          { path: '/a', mode: 7 },
          { path: '/b', mode: 5 },
        ],
      },
      [{ what: 'options.files[/a]', was: null, is: '{"path":"/a","mode":7}' }],
    ],
    [
      'something in a member that has a name',
      { users: [{ name: 'mate', uid: 7 }, { name: 'cook' }] },
      { users: [{ name: 'mate', uid: 8 }, { name: 'cook' }] },
      [{ what: 'options.users[mate].uid', was: '7', is: '8' }],
    ],
    [
      'only the order',
      { overlays: ['base', 'site'] },
      { overlays: ['site', 'base'] },
      [{ what: 'options.overlays (their order)', was: null, is: null }],
    ],
    [
      'members with the same name, by their place',
      { mounts: [{ target: '/x' }, { target: '/x' }] },
      { mounts: [{ target: '/x' }, { target: '/y' }] },
      [
        { what: 'options.mounts[0]', was: '{"target":"/x"}', is: null },
        { what: 'options.mounts[1]', was: '{"target":"/x"}', is: null },
        { what: 'options.mounts[/x]', was: null, is: '{"target":"/x"}' },
        { what: 'options.mounts[/y]', was: null, is: '{"target":"/y"}' },
      ],
    ],
  ])('%s', (_, was, is, changes) => expect(options(was, is)).toEqual(changes));
});

describe('whatever the parts are', () => {
  // Names without dots and brackets: what is told could be read in two ways otherwise.
  const word = fc.stringMatching(/^[a-z]{1,6}$/);
  const { json } = fc.letrec<{ json: unknown }>(tie => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null)),
      fc.array(tie('json'), { maxLength: 5 }),
      fc.array(fc.record({ name: word, value: tie('json') }), { maxLength: 4 }),
      fc.dictionary(word, tie('json'), { maxKeys: 5 }),
    ),
  }));
  const parts = fc
    .tuple(fc.dictionary(fc.constantFrom('stage', 'epoch', 'tool tar', 'input hull'), fc.string()), json)
    .map(([rest, value]) => ({ ...rest, options: JSON.stringify(value) }));
  const swapped = (changes: readonly Change[]): Change[] =>
    changes.map(({ what, was, is }) => ({ what, was: is, is: was }));
  const byName = (changes: readonly Change[]): Change[] => changes.toSorted((a, b) => (a.what < b.what ? -1 : 1));

  test('something changed exactly when they differ', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(changedParts(a, a)).toEqual([]);
        expect(changedParts(a, b).length === 0).toBe(isDeepStrictEqual(a, b));
      }),
    );
  });

  test('the way back has the same changes, turned round', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(byName(changedParts(b, a))).toEqual(byName(swapped(changedParts(a, b))));
      }),
    );
  });

  test('each thing is told once', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const names = changedParts(a, b).map(each => each.what);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  test('one value changed deep inside is one change, with its path and both values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ field: word, beside: fc.dictionary(word, json) }), { minLength: 1, maxLength: 5 }),
        fc.tuple(fc.integer(), fc.integer()).filter(([was, is]) => was !== is),
        (path, [was, is]) => {
          const around = (leaf: number): unknown =>
            path.reduceRight<unknown>((inner, each) => ({ ...each.beside, [each.field]: inner }), leaf);
          expect(options(around(was), around(is))).toEqual([
            { what: `options.${path.map(each => each.field).join('.')}`, was: String(was), is: String(is) },
          ]);
        },
      ),
    );
  });
});

test('of a real plan: what an image definition changes shows by the name it has there', () => {
  const partsOf = (
    id: string,
    change: (input: ReturnType<typeof planInput>) => void,
  ): Readonly<Record<string, string>> => {
    const input = planInput();
    change(input);
    return makePlan(input).plan?.steps.find(step => step.id === id)?.parts ?? {};
  };
  const before = partsOf('sys', () => undefined);
  const after = partsOf('sys', input => {
    for (const stage of input.image.stages)
      if (stage.id === 'sys') stage.options = { content: 'sys', compression: 'zstd' };
  });
  expect(changedParts(before, after).map(({ what }) => what)).toEqual([
    expect.stringMatching(/^options\.\w*compression/),
  ]);
  const hull = partsOf('hull', input => {
    const [entry] = input.overlays.paint?.entries ?? [];
    if (entry !== undefined) entry.sha256 = 'cc33';
  });
  expect(
    changedParts(
      partsOf('hull', () => undefined),
      hull,
    ),
  ).toEqual([{ what: expect.stringMatching(/\[\/etc\/motd\]\.sha256$/) as string, was: 'aa11', is: 'cc33' }]);
});
