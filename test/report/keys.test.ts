import { expect, test } from 'vitest';
import type { DocumentKey } from '../../pipeline/formats/document-key.ts';
import { drawKey, drawKeys } from '../../pipeline/report/keys.ts';
import { reference } from '../../pipeline/report/reference.ts';

const MAST: DocumentKey = {
  kind: 'layout',
  path: 'masts',
  form: 'a list; each: a mapping',
  needed: true,
  leftOut: '',
  examples: [],
  description: 'The masts, from bow to stern.',
};
const HEIGHT: DocumentKey = {
  kind: 'layout',
  path: 'masts.height',
  form: 'a size in quotes | none',
  needed: false,
  leftOut: '"7 m"',
  examples: ['"9 m"', '"11 m"'],
  description: 'How high it is above the deck, without the flag that is on top of it.',
};

test('a key with all that is known of it', () => {
  expect(drawKey(HEIGHT, [MAST, HEIGHT], { width: 40, color: false })).toBe(`masts.height
  How high it is above the deck, without
  the flag that is on top of it.

  stands in  layouts/NAME.yaml
  is         a size in quotes | none
  default    "7 m"
  example    height: "9 m"
  example    height: "11 m"`);
});

test('a key with those that it holds, cut to the terminal', () => {
  expect(drawKey(MAST, [MAST, HEIGHT], { width: 32, color: false })).toBe(`masts
  The masts, from bow to stern.

  stands in  layouts/NAME.yaml
  is         a list; each: a
             mapping
  needed     yes

  height  How high it is above …`);
});

test('many keys: a tree in a terminal, whole lines for grep', () => {
  expect(drawKeys([MAST, HEIGHT], { width: 30, color: false, below: '' })).toBe(
    '  masts *   The masts, from b…\n    height  How high it is ab…',
  );
  expect(drawKeys([MAST, HEIGHT], { width: null, color: false, below: '' })).toBe(
    `  layout.masts *       ${MAST.description}\n  layout.masts.height  ${HEIGHT.description}`,
  );
});

test('Markdown: a table a mapping, bars escaped', () => {
  const text = reference([MAST, HEIGHT]);
  expect(text).toContain(
    '| <a id="layout.masts"></a>`masts` | a list; each: a mapping | **needed** | The masts, from bow to stern. |\n',
  );
  expect(text).toContain('\n### `masts`\n\nThe masts, from bow to stern.\n\n| key |');
  expect(text).toContain(
    String.raw`| <a id="layout.masts.height"></a>${'`height`'} | a size in quotes \| none | "7 m" | How high`,
  );
  expect(text).toContain('Example: `height: "9 m"`, `height: "11 m"`. |\n');
});
