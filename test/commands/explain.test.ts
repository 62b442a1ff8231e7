import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { explain } from '../../pipeline/commands/explain.ts';
import { PROJECT } from '../support/caisson.ts';
import { commandContext } from './context.ts';

function explained(key: string | null, own: Parameters<typeof commandContext>[1] = {}): string {
  const context = commandContext('/nowhere', own);
  expect(explain(context, { key, kind: null, markdown: false })).toBe(0);
  return context.printed;
}

test('docs/REFERENCE.md is what the schemas say: run `make schemas`', async () => {
  const context = commandContext('/nowhere');
  explain(context, { key: null, kind: null, markdown: true });
  expect(await readFile(path.join(PROJECT, 'docs/REFERENCE.md'), 'utf8')).toBe(context.printed);
});

test('a name of one key explains it; of several lists them by document', () => {
  expect(explained('reserve')).toContain('partitions.reserve\n  Room that must be left in it');
  expect(explained('size')).toMatch(
    /^image: pipeline\/NAME\.yaml\n {2}stages\..*\n\nlayout: layouts\/NAME\.yaml\n {2}size .*\n {2}partitions\.size \*/,
  );
});

test('no line is wider than the terminal', () => {
  for (const key of [null, 'firewall', 'stages', 'verifiedBoot'])
    expect(
      Math.max(
        ...explained(key, { width: 80 })
          .split('\n')
          .map(line => line.length),
      ),
    ).toBeLessThanOrEqual(80);
});

test('JSON is a list of keys, of one kind of document when that is asked for', () => {
  const context = commandContext('/nowhere', { json: true });
  explain(context, { key: 'size', kind: 'layout', markdown: false });
  expect((JSON.parse(context.printed) as { path: string }[]).map(each => each.path)).toEqual([
    'size',
    'partitions.size',
  ]);
});

test.each([
  ['partition.size', null, 'did you mean "partitions.size"?'],
  ['sise', null, 'did you mean "size"?'],
  ['mirrors', 'layout', '`caisson explain` lists all'],
] as const)('%s is no key', (key, kind, hint) => {
  const context = commandContext('/nowhere');
  expect(() => explain(context, { key, kind, markdown: false })).toThrow(
    expect.objectContaining({ name: 'UsageFault', hint: expect.stringContaining(hint) }),
  );
});
