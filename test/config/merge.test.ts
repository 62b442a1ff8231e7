import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyOf, parseDocument } from '../../pipeline/config/document.ts';
import type { Document } from '../../pipeline/config/document.ts';
import { mergeDocuments } from '../../pipeline/config/merge.ts';
import { valueAt } from '../../pipeline/config/paths.ts';

const ofStage = (stage: string, properties: object) => ({
  if: { properties: { stage: { const: stage } } },
  // oxlint-disable-next-line unicorn/no-thenable
  then: { properties },
});

const SCHEMA = {
  properties: {
    order: { 'x-exact': true },
    steps: {
      'x-keyed': { key: 'id', kind: 'stage' },
      items: {
        properties: { id: {} },
        allOf: [ofStage('sail', { masts: { 'x-exact': true } }), ofStage('row', { oars: { 'x-exact': true } })],
      },
    },
  },
};

const read = (yaml: string, file = 'own.yaml'): Document => {
  const { document, faults } = parseDocument(yaml, file);
  if (document === null || faults.length > 0) throw new Error(`not read: ${yaml}`);
  return document;
};
const merged = (base: string, own: string): { value: unknown; faults: string[] } => {
  const { document, faults } = mergeDocuments([read(own), read(base, 'base.yaml')], SCHEMA);
  return { value: document.value, faults: faults.map(each => each.message) };
};

describe('one rule each', () => {
  test.each([
    ['a mapping is joined', '{ a: { b: 1, c: 2 } }', '{ a: { c: 3, d: 4 } }', { a: { b: 1, c: 3, d: 4 } }],
    ['a scalar is replaced', '{ a: 1, b: { c: 2 } }', '{ b: 3 }', { a: 1, b: 3 }],
    ['null takes away', '{ a: { b: 1, c: 2 }, d: [3] }', '{ a: { b: null }, d: null }', { a: { c: 2 } }],
    [
      'null that takes nothing away stays',
      '{ a: { b: 1 } }',
      '{ a: { x: null }, y: null }',
      { a: { b: 1, x: null }, y: null },
    ],
    [
      'a list gets longer, by what it has not',
      '{ a: [x, { y: 1, z: 2 }] }',
      '{ a: [{ z: 2, y: 1 }, w, x] }',
      { a: ['x', { y: 1, z: 2 }, 'w'] },
    ],
    ['what one says twice stays twice', '{ a: [x] }', '{ a: [w, w] }', { a: ['x', 'w', 'w'] }],
    ['a list that begins with null is new', '{ a: [x, y] }', '{ a: [null, w, y] }', { a: ['w', 'y'] }],
    ['an exact list is replaced', '{ order: [A, B] }', '{ order: [B] }', { order: ['B'] }],
    ['a list over something else', '{ a: 1 }', '{ a: [2] }', { a: [2] }],
    [
      'a key of every object',
      '{ a: 1 }',
      '{ toString: 2, __proto__: 3 }',
      JSON.parse('{ "a": 1, "toString": 2, "__proto__": 3 }'),
    ],
  ])('%s', (_, base, own, value) => expect(merged(base, own)).toEqual({ value, faults: [] }));

  test('steps are joined by id, in the order of the base', () => {
    const base =
      '{ steps: [{ id: m, stage: sail, masts: [1, 2], n: [1] }, { id: o, stage: row }, { id: p, stage: row }] }';
    const own =
      '{ steps: [{ id: q, stage: row }, { id: p, stage: null }, { id: m, masts: [3], oars: [4], n: [5] }, { id: m, x: 6 }] }';
    expect(merged(base, own)).toEqual({
      value: {
        steps: [
          { id: 'm', stage: 'sail', masts: [3], n: [1, 5], oars: [4] },
          { id: 'o', stage: 'row' },
          { id: 'q', stage: 'row' },
          { id: 'm', x: 6 },
        ],
      },
      faults: [],
    });
  });

  test('a step has the lists of its stage, whichever of three says it', () => {
    const lists = ['', 'masts: [1, 2], ', 'masts: [2, 3], '];
    for (const saying of [0, 1, 2]) {
      const [near, middle, far] = lists.map((list, index) =>
        read(`{ steps: [{ id: m, ${index === saying ? 'stage: sail, ' : ''}${list}n: [${index}] }] }`),
      ) as [Document, Document, Document];
      const { document, faults } = mergeDocuments([near, middle, far], SCHEMA);
      const step = { id: 'm', stage: 'sail', masts: [1, 2], n: [2, 1, 0] };
      expect({ value: document.value, faults }).toEqual({ value: { steps: [step] }, faults: [] });
    }
  });

  test('a step has the lists of its own stage, not of that of a step beside it', () => {
    const far = read('{ steps: [{ id: m, masts: [1] }] }');
    const middle = read('{ steps: [{ id: m, masts: [2] }] }');
    const near = read('{ steps: [{ id: q, stage: sail }, { id: m, stage: row }] }');
    expect(mergeDocuments([near, middle, far], SCHEMA).document.value).toEqual({
      steps: [
        { id: 'm', stage: 'row', masts: [1, 2] },
        { id: 'q', stage: 'sail' },
      ],
    });
  });

  test('a step of another stage is a fault, and nothing is joined', () => {
    expect(
      merged('{ steps: [{ id: m, stage: sail, masts: [1] }] }', '{ steps: [{ id: m, stage: row, x: 1 }] }'),
    ).toEqual({
      value: { steps: [{ id: 'm', stage: 'row', x: 1 }] },
      faults: ['is "row", and "m" is of stage "sail" at base.yaml:1'],
    });
  });
});

/** Keys say what kind of value they have: a list over a mapping is joined with nothing. */
const writtenWith = (requiredOfStep: ('id' | 'stage')[]): fc.Arbitrary<string> =>
  fc
    .letrec<{ mapping: Record<string, unknown> }>(tie => ({
      mapping: fc.record(
        {
          scalar: fc.constantFrom('v', 'w', 7, true),
          other: fc.constantFrom('v', 'w'),
          list: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }),
          order: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
          mapping: fc.oneof({ maxDepth: 2 }, fc.constant({}), tie('mapping')),
          steps: fc.uniqueArray(
            fc.record(
              {
                id: fc.constantFrom('k', 'l', 'm'),
                stage: fc.constant('sail'),
                masts: fc.array(fc.nat(3)),
                n: fc.constantFrom(1, 2),
              },
              { requiredKeys: requiredOfStep },
            ),
            { selector: step => step.id, maxLength: 3 },
          ),
        },
        { requiredKeys: [] },
      ),
    }))
    .mapping.map(each => JSON.stringify(each));
const written = writtenWith(['id']);

/** Of two steps that both leave their stage out, nobody can tell which lists are replaced. */
const writtenWithStages = writtenWith(['id', 'stage']);

describe('any documents', () => {
  const join = (base: Document, own: Document): Document => mergeDocuments([own, base], SCHEMA).document;

  test('three whose steps say their stage are the same, whichever two are joined first', () => {
    fc.assert(
      fc.property(writtenWithStages, writtenWithStages, writtenWithStages, (a, b, c) => {
        const [x, y, z] = [read(a), read(b), read(c)];
        expect(join(join(x, y), z).value).toEqual(join(x, join(y, z)).value);
      }),
    );
  });

  test('three of which the nearest says every stage are the same, whether the others say it too or not', () => {
    const near = read(JSON.stringify({ steps: ['k', 'l', 'm'].map(id => ({ id, stage: 'sail' })) }));
    const silent = (text: string): string => {
      const { steps, ...rest } = JSON.parse(text) as { steps?: { stage?: string }[] };
      return JSON.stringify({ ...rest, ...(steps && { steps: steps.map(step => ({ ...step, stage: undefined })) }) });
    };
    fc.assert(
      fc.property(writtenWithStages, writtenWithStages, (far, middle) => {
        const quiet = mergeDocuments([near, read(silent(middle)), read(silent(far))], SCHEMA);
        expect(quiet.faults).toEqual([]);
        expect(quiet.document.value).toEqual(mergeDocuments([near, read(middle), read(far)], SCHEMA).document.value);
      }),
    );
  });

  test('an empty one, and the same again, change nothing', () => {
    fc.assert(
      fc.property(written, text => {
        const document = read(text);
        for (const each of [join(document, read('{}')), join(read('{}'), document), join(document, document)])
          expect(each.value).toEqual(document.value);
      }),
    );
  });

  test('every scalar stands where one of them has it', () => {
    fc.assert(
      fc.property(written, written, (base, own) => {
        const sources = { 'base.yaml': read(base, 'base.yaml'), 'own.yaml': read(own) };
        const joined = join(sources['base.yaml'], sources['own.yaml']);
        for (const path of scalarsOf(joined.value)) {
          const { value: position } = joined.places.get(keyOf(path)) ?? {};
          const { places, value: whole } = sources[position?.file as keyof typeof sources];
          const there = [...places].filter(([, each]) => each.value.col === position?.col).map(([key]) => key);
          expect(there.map(key => valueAt(whole, JSON.parse(key) as string[]))).toContain(valueAt(joined.value, path));
        }
      }),
    );
  });
});

function scalarsOf(here: unknown): (string | number)[][] {
  if (typeof here !== 'object' || here === null) return [[]];
  return Object.entries(here).flatMap(([key, each]) =>
    scalarsOf(each).map(path => [Array.isArray(here) ? Number(key) : key, ...path]),
  );
}
