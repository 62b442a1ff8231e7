import { expect, test } from 'vitest';
import { parseDocument, placeOf, sourceOf } from '../../pipeline/config/document.ts';
import { testTable } from './golden.ts';

const laughs = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...'bcdefghi'.split('').map((name, index) => {
    const before = 'abcdefghi'[index] ?? '';
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`;
  }),
].join('\n');

testTable({
  golden: 'document.txt',
  file: 'layouts/zebra.yaml',
  check: () => [],
  rows: [
    { title: 'sound', faults: 0, yaml: 'a: &x 1\nb: *x\n' },
    { title: 'empty', faults: 1, yaml: '' },
    { title: 'comments only', faults: 1, yaml: '# nothing\n\n' },
    { title: 'separator only', faults: 1, yaml: '---\n' },
    { title: 'tab', faults: 1, yaml: 'a:\n\tb: 1\n' },
    { title: 'tab after a list', faults: 1, yaml: 'a:\n  - x\n\t- y\n' },
    { title: 'duplicate keys, all of them', faults: 3, yaml: 'a: 1\nb: { c: 1, c: 2 }\na: 2\na: 3\n' },
    { title: 'two documents', faults: 1, yaml: 'a: 1\n---\nb: 2\n' },
    { title: 'list', faults: 1, yaml: '- a\n- b\n' },
    { title: 'word', faults: 1, yaml: 'hello\n' },
    { title: 'unclosed bracket', faults: 1, yaml: 'a: [1\nb: 2\n' },
    { title: 'unclosed quote', faults: 1, yaml: 'a: "x\nb: 2\n' },
    { title: 'colon in a plain value', faults: 1, yaml: 'a: b: c\n' },
    { title: 'tag', faults: 1, yaml: 'a: 1\nb: !secret x\n' },
    { title: 'binary', faults: 1, yaml: 'a: !!binary aGFsbG8=\n' },
    { title: 'YAML 1.1', faults: 1, yaml: '%YAML 1.1\n---\na: 0644\n' },
    { title: 'key that is a list', faults: 1, yaml: 'a: 1\n? [x]\n: 1\n' },
    { title: 'alias without anchor', faults: 1, yaml: 'a: 1\nb: *x\n' },
    { title: 'alias of itself', faults: 1, yaml: 'a: &x [1, *x]\n' },
    { title: 'billion laughs', faults: 1, yaml: laughs },
    { title: 'deep nesting', faults: 1, yaml: `a: ${'['.repeat(200)}${']'.repeat(200)}\n` },
    { title: 'very deep flow', faults: 1, yaml: `a: ${'['.repeat(50_000)}\n` },
    { title: 'very deep compact list', faults: 1, yaml: `a:\n  ${'- '.repeat(50_000)}x\n` },
    {
      title: 'very deep block',
      faults: 1,
      yaml: Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    },
    {
      title: 'deep block',
      faults: 1,
      yaml: Array.from({ length: 160 }, (_, i) => `${' '.repeat(i)}a:\n${' '.repeat(i)}-\n`).join(''),
    },
    {
      title: 'brackets and far columns in text are no nesting',
      faults: 0,
      yaml: `a: "${'['.repeat(500)}"\nb: |\n  ${'[{- '.repeat(200)}\n  ${' '.repeat(300)}x\nc: ${'x - '.repeat(100)}\nd: [${'x, '.repeat(200)}{ a: 1 }]\n`,
    },
    { title: 'CRLF', faults: 1, yaml: 'a: 1\r\nb: 2\r\na: 3\r\n' },
  ],
});

test('every value knows its place, and a scalar its source', () => {
  const { document } = parseDocument(
    '# head\nmode: 0644\nlist:\n  - name: x\n    size:   "8"\nsame: &s { k: v }\nalso: *s\nnone:\n',
    'f',
  );
  if (document === null) throw new Error('unreadable');
  const at = (...path: (string | number)[]): string => {
    const [key, value] = [placeOf(document, path, 'key'), placeOf(document, path)];
    return `${key.line}:${key.col} ${value.line}:${value.col}`;
  };
  expect(at('mode')).toBe('2:1 2:7');
  expect(sourceOf(document, ['mode'])).toBe('0644');
  expect(at('list', 0)).toBe('4:5 4:5');
  expect(at('list', 0, 'size')).toBe('5:5 5:13');
  expect(at('list', 0, 'missing', 'deeper')).toBe('4:5 4:5');
  expect(at('also', 'k')).toBe('6:12 6:15');
  expect(at('none')).toMatch(/^8:1 /);
  expect(at('nowhere')).toBe('2:1 2:1');
});

test('a key named __proto__ is a key', () => {
  const { document } = parseDocument('__proto__: { polluted: true }\n', 'f');
  expect(Object.keys(document?.value as object)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(document?.value)).toBe(Object.prototype);
});
